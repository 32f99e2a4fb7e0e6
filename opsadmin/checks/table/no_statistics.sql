-- title: Indexed column without statistics
-- severity: warning
-- says: ANALYZE leaves out {object}: its statistics target is 0, and the index {index_object} begins with it.
-- why: The planner guesses how many rows a condition on it finds, and takes or leaves the index by chance.
-- hint: Give it back the server's target.
-- fix: ALTER TABLE {table_object} ALTER COLUMN {column_name} SET STATISTICS -1; ANALYZE {table_object};
-- lock: SHARE UPDATE EXCLUSIVE on {table_object}; reading and writing go on
-- source: PostgreSQL documentation, ALTER TABLE, SET STATISTICS
-- examined: {tables} tables
SELECT
    format('%s.%I', t.object, a.attname) AS object,
    t.object AS table_object,
    quote_ident(a.attname) AS column_name,
    min(format('%I.%I', n.nspname, c.relname)) AS index_object,
    max(t.rows) AS weight
FROM tables AS t
INNER JOIN pg_attribute AS a ON a.attrelid = t.oid AND a.attnum > 0 AND a.attstattarget = 0 AND NOT a.attisdropped
INNER JOIN pg_index AS i ON i.indrelid = t.oid AND i.indkey[0] = a.attnum
INNER JOIN pg_class AS c ON c.oid = i.indexrelid
INNER JOIN pg_namespace AS n ON n.oid = c.relnamespace
GROUP BY t.object, a.attname
