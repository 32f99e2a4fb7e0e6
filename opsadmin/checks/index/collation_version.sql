-- title: Indexes sorted by another version of their collation
-- severity: warning
-- says: The collation of {object} is of version {actual} now; {recorded} was recorded when its indexes were made:
--   {indexes}.
-- why: An index in the old order misses rows that are there, and a unique one lets duplicates in.
-- hint: Rebuild these indexes, and only then let the old version be forgotten: {refresh}
-- source: PostgreSQL documentation, ALTER COLLATION, "Notes"
-- examined: {used_collations} collations in use
WITH changed AS (
    SELECT o.oid, o.object, o.recorded, o.actual, o.refresh, o.is_elsewhere
    FROM used_collations AS o
    WHERE o.recorded <> o.actual
),

sorted AS (
    SELECT c.oid, count(*) AS number, array_agg(x.object ORDER BY x.is_unique DESC, x.object ASC) AS names
    FROM indexes AS x
    INNER JOIN changed AS c ON c.oid = ANY(x.collations)
    WHERE x.kind <> 'I' AND x.method <> 'hash'
    GROUP BY c.oid
)

SELECT
    c.object,
    c.recorded,
    c.actual,
    c.refresh,
    CASE
        WHEN c.is_elsewhere THEN 'those of another database, which cannot be seen from here'
        WHEN s.number IS NULL THEN 'there is none in this database'
        ELSE format('%s (%s)', s.number, array_to_string(s.names[1:10], ', ') || CASE WHEN s.number > 10 THEN ' ...' ELSE '' END)
    END AS indexes,
    CASE
        WHEN c.is_elsewhere THEN format('Connect to %s and say REINDEX DATABASE CONCURRENTLY %1$s; then let the old version be forgotten: %s', c.object, c.refresh)
    END AS hint,
    CASE
        WHEN c.is_elsewhere THEN NULL
        WHEN s.number IS NULL THEN c.refresh
        WHEN s.number <= 50 THEN (
            SELECT string_agg(format('REINDEX INDEX CONCURRENTLY %s;', u.name), E'\n')
            FROM unnest(s.names) AS u (name)
        ) || E'\n' || c.refresh
    END AS fix_sql,
    s.number AS weight
FROM changed AS c
LEFT JOIN sorted AS s ON s.oid = c.oid
