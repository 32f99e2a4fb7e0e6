-- What ANALYZE left about the columns of the largest tables, and of those that no counter remembers to be analyzed: of
-- tables that this role may read, for pg_stats tells nothing of others. It is asked column by column (OFFSET 0 keeps the
-- planner from another way), because all of it takes seconds where there are ten thousand tables. `width`: NULL where
-- nothing is known.
SELECT
    t.oid AS table_oid,
    a.attnum AS number,
    a.attlen AS length,
    a.attalign AS alignment,
    s.null_frac::float8 AS null_share,
    s.avg_width AS width
FROM (
    SELECT u.*
    FROM tables AS u
    WHERE u.kind IN ('r', 'm')
        AND (u.bytes >= 1048576 OR (u.analyzed_at IS NULL AND u.changed_since_analyze >= 1000))
    ORDER BY u.bytes DESC
    LIMIT 1000
) AS t
INNER JOIN pg_attribute AS a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN LATERAL (
    SELECT
        p.null_frac,
        p.avg_width
    FROM pg_stats AS p
    WHERE p.schemaname = t.schema AND p.tablename = t.name AND p.attname = a.attname AND NOT p.inherited
    OFFSET 0
) AS s ON true
