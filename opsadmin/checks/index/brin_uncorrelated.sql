-- title: BRIN index on values in no order
-- severity: warning
-- needs: statistics
-- threshold: max_correlation = 0.8; between a column's values and their place in the table, from -1 to 1 (our choice: below
--   it most ranges of pages hold most values)
-- threshold: min_bytes = 64 kB; of the table (our choice)
-- says: {object} on {table_object} is a BRIN index, and the values of {field} lie in no order in the table (correlation
--   {correlation}).
-- why: It rules out hardly any page, so each query that uses it reads most of the table.
-- hint: Take a B-tree, or bring the table into that order with CLUSTER and keep it so.
-- source: PostgreSQL documentation, 71.1 BRIN Indexes, Introduction
-- examined: {column_stats} columns' statistics

-- Bloom operator classes are made for values in no order. Partitions are told by their parent's index.
WITH suspects AS (
    SELECT
        x.oid,
        x.root,
        coalesce(x.root_object, x.object) AS object,
        coalesce(x.root_table_object, x.table_object) AS table_object,
        x.table_oid,
        x.table_bytes,
        w.number,
        w.is_readable
    FROM indexes AS x
    CROSS JOIN LATERAL unnest(x.columns, x.classes) AS k (number, class)
    INNER JOIN pg_opclass AS o ON o.oid = k.class AND o.opcname NOT LIKE '%bloom%'
    INNER JOIN wanted_columns AS w ON w.table_oid = x.table_oid AND w.number = k.number
    WHERE x.method = 'brin' AND x.is_valid AND x.table_bytes >= :min_bytes
),

found AS (
    SELECT DISTINCT ON (x.root)
        x.object,
        x.table_object,
        s.name AS field,
        round(s.correlation::numeric, 2) AS correlation,
        x.table_bytes AS weight
    FROM suspects AS x
    INNER JOIN column_stats AS s ON s.table_oid = x.table_oid AND s.number = x.number
    WHERE abs(s.correlation) < :max_correlation
    ORDER BY x.root, abs(s.correlation), s.number
)

SELECT
    f.object,
    f.table_object,
    f.field,
    f.correlation,
    f.weight,
    NULL AS not_looked_at,
    false AS nothing_seen,
    NULL AS fix_sql
FROM found AS f
UNION ALL
SELECT
    format('%s BRIN indexes', b.unseen),
    NULL,
    NULL,
    NULL,
    NULL,
    format(
        'The role %s may not read the tables of %s of the %s BRIN indexes, and is not told in which order their values lie.',
        current_user, b.unseen, b.total
    ),
    b.unseen = b.total,
    format('GRANT pg_read_all_data TO %I;', current_user)
FROM (
    SELECT count(DISTINCT s.oid) FILTER (WHERE NOT s.is_readable) AS unseen, count(DISTINCT s.oid) AS total
    FROM suspects AS s
) AS b
WHERE b.unseen > 0
