-- The tables whose columns ANALYZE has described, of those that this role may read.
SELECT DISTINCT c.table_oid
FROM column_stats AS c
