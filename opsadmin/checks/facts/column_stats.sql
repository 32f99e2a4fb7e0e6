-- What the last ANALYZE found out about the columns of indexes that are worth a question, where this role may read it. It
-- is asked column by column (OFFSET 0 keeps the planner from another way), because all of it takes seconds where there
-- are ten thousand tables.
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
CROSS JOIN LATERAL (
    SELECT p.null_frac, p.avg_width, p.n_distinct, p.correlation
    FROM pg_stats AS p
    WHERE p.schemaname = w.schema AND p.tablename = w.table_name AND p.attname = w.name AND NOT p.inherited
    OFFSET 0
) AS s
WHERE w.is_readable
