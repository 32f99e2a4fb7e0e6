-- What the last ANALYZE found out about columns, of those tables that this role may read.
SELECT
    t.oid AS table_oid,
    a.attnum AS number,
    a.attname AS name,
    a.atttypid AS type,
    s.null_frac::float8 AS null_share,
    s.avg_width AS width,
    CASE WHEN s.n_distinct < 0 THEN -s.n_distinct * t.rows ELSE s.n_distinct END::float8 AS distinct_values,
    s.correlation::float8 AS correlation
FROM pg_stats AS s
INNER JOIN tables AS t ON t.schema = s.schemaname AND t.name = s.tablename
INNER JOIN pg_attribute AS a ON a.attrelid = t.oid AND a.attname = s.attname
WHERE s.inherited = (t.kind = 'p')
