-- title: Updates that touch every index
-- severity: warning
-- threshold: min_updates = 5 k; updates since the counters began (our choice)
-- threshold: per_row = 3; updates for each row of the table, so that one bulk change is none (our choice)
-- threshold: hot_percent = 30 %; of the updates were heap-only (our choice)
-- threshold: least_fill = 95 %; a fillfactor below leaves room on each page already (our choice)
-- says: {object} was updated {updated} times, and only {hot_now_percent} of the updates left its indexes alone (heap-only, HOT); fillfactor {fill}{suspects}.
-- why: Each of the others wrote into every index of the table and left dead entries in all of them.
-- hint: {what_to_do}
-- source: PostgreSQL documentation, "Heap-Only Tuples (HOT)"
-- examined: {tables} tables
WITH busy AS (
    SELECT
        t.*,
        coalesce(substring(array_to_string(t.options, ',') FROM 'fillfactor=(\d+)')::int, 100) AS fill
    FROM tables AS t
    WHERE t.kind = 'r' AND t.updated >= :min_updates AND t.updated >= :per_row * t.rows
        AND t.hot_updated * 100 < :hot_percent * t.updated
),

suspects AS (
    SELECT
        b.oid,
        string_agg(c.relname, ', ' ORDER BY c.relname) FILTER (WHERE NOT i.indisprimary) AS names,
        count(*) AS indexes
    FROM busy AS b
    INNER JOIN pg_index AS i ON i.indrelid = b.oid
    INNER JOIN pg_class AS c ON c.oid = i.indexrelid
    GROUP BY b.oid
)

SELECT
    b.object,
    b.updated,
    b.hot_updated * 100.0 / b.updated AS hot_now_percent,
    b.fill,
    CASE WHEN s.names IS NOT NULL THEN format('; besides its primary key it has %s', s.names) ELSE '' END AS suspects,
    CASE
        WHEN s.names IS NOT NULL
            THEN 'Drop the index on a column that every update changes (a time of change, a counter), unless it is needed; '
                || 'a fillfactor of 80 leaves room for the new row on the same page.'
        ELSE 'Set a fillfactor of 80 or less, which leaves room for the new row on the same page.'
    END AS what_to_do,
    CASE
        WHEN s.names IS NULL AND b.fill >= :least_fill THEN format('ALTER TABLE %s SET (fillfactor = 80);', b.object)
        ELSE ''
    END AS fix_sql,
    CASE
        WHEN s.names IS NULL AND b.fill >= :least_fill THEN format('SHARE UPDATE EXCLUSIVE on %s', b.object)
        ELSE ''
    END AS lock,
    b.updated AS weight
FROM busy AS b
INNER JOIN suspects AS s ON s.oid = b.oid
