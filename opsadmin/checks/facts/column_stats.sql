-- What the last ANALYZE found out about the columns of indexes that are worth a question: BRIN, of some size, or of one
-- column of a table with some rows. Of tables that this role may read: pg_stats tells nothing of others. It is asked
-- column by column (OFFSET 0 keeps the planner from another way), because all of it takes seconds where there are ten
-- thousand tables.
SELECT
    t.oid AS table_oid,
    a.attnum AS number,
    a.attname AS name,
    a.atttypid AS type,
    s.null_frac::float8 AS null_share,
    s.avg_width AS width,
    CASE WHEN s.n_distinct < 0 THEN -s.n_distinct * t.rows ELSE s.n_distinct END::float8 AS distinct_values,
    s.correlation::float8 AS correlation
FROM (
    SELECT DISTINCT x.table_oid, k.number
    FROM indexes AS x
    CROSS JOIN LATERAL unnest(x.columns) AS k (number)
    WHERE x.is_valid AND x.kind <> 'I' AND k.number > 0
        AND (
            x.method = 'brin' OR x.bytes >= 131072
            OR x.table_rows >= 100 AND x.key_count = 1 AND x.predicate IS NULL AND NOT x.is_unique
        )
) AS w
INNER JOIN tables AS t ON t.oid = w.table_oid
INNER JOIN pg_attribute AS a ON a.attrelid = w.table_oid AND a.attnum = w.number
CROSS JOIN LATERAL (
    SELECT p.null_frac, p.avg_width, p.n_distinct, p.correlation
    FROM pg_stats AS p
    WHERE p.schemaname = t.schema AND p.tablename = t.name AND p.attname = a.attname AND NOT p.inherited
    OFFSET 0
) AS s
