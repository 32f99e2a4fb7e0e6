-- The columns of indexes whose statistics are worth a question: of BRIN, of some size, or of one column of a table with
-- some rows. `is_readable`: whether this role is told them; pg_stats tells nothing of tables that it may not read. Each
-- column is looked up by its number (OFFSET 0): a join would read all columns of ten thousand tables for a few.
SELECT
    t.oid AS table_oid,
    t.schema,
    t.name AS table_name,
    t.rows,
    w.number,
    a.attname AS name,
    a.atttypid AS type,
    a.attlen AS length,
    has_column_privilege(t.oid, w.number, 'SELECT') AND NOT row_security_active(t.oid) AS is_readable
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
CROSS JOIN LATERAL (
    SELECT c.attname, c.atttypid, c.attlen
    FROM pg_attribute AS c
    WHERE c.attrelid = w.table_oid AND c.attnum = w.number
    OFFSET 0
) AS a
