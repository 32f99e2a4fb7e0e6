-- What the last ANALYZE found out about the columns of indexes that are worth a question, where this role may read it. Only
-- those tables are asked for, all in one go: column by column the planner, which may not nest loops here, goes through all
-- columns of the database for each.
SELECT
    w.table_oid,
    w.number,
    w.name,
    w.type,
    s.null_frac::float8 AS null_share,
    s.avg_width AS width,
    CASE WHEN s.n_distinct < 0 THEN -s.n_distinct * w.rows ELSE s.n_distinct END::float8 AS distinct_values,
    s.correlation::float8 AS correlation
FROM wanted_columns AS w
INNER JOIN (
    SELECT
        p.schemaname,
        p.tablename,
        p.attname,
        p.null_frac,
        p.avg_width,
        p.n_distinct,
        p.correlation
    FROM pg_stats AS p
    WHERE NOT p.inherited AND p.tablename = ANY(ARRAY(SELECT DISTINCT x.table_name FROM wanted_columns AS x))
    OFFSET 0
) AS s ON s.schemaname = w.schema AND s.tablename = w.table_name AND s.attname = w.name
WHERE w.is_readable
