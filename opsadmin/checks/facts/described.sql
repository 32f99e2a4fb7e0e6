-- What ANALYZE left about the columns of the largest tables, and of those that no counter remembers to be analyzed: of
-- tables that this role may read, for pg_stats tells nothing of others. Only those tables are asked for, all in one go:
-- column by column the planner, which may not nest loops here, goes through all columns of the database for each.
-- `width`: NULL where nothing is known.
WITH chosen AS (
    SELECT u.*
    FROM tables AS u
    WHERE u.kind IN ('r', 'm')
        AND (u.bytes >= 1048576 OR (u.analyzed_at IS NULL AND u.changed_since_analyze >= 1000))
    ORDER BY u.bytes DESC
    LIMIT 1000
)

SELECT
    t.oid AS table_oid,
    a.attnum AS number,
    a.attlen AS length,
    a.attalign AS alignment,
    s.null_frac::float8 AS null_share,
    s.avg_width AS width
FROM chosen AS t
INNER JOIN pg_attribute AS a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN (
    SELECT
        p.schemaname,
        p.tablename,
        p.attname,
        p.null_frac,
        p.avg_width
    FROM pg_stats AS p
    WHERE NOT p.inherited AND p.tablename = ANY(ARRAY(SELECT DISTINCT c.name FROM chosen AS c))
    OFFSET 0
) AS s ON s.schemaname = t.schema AND s.tablename = t.name AND s.attname = a.attname
