-- title: Foreign key that empties a NOT NULL column
-- severity: warning
-- says: The foreign key {object} sets {columns} to NULL when a row of {referenced_object} {event}, and that column is NOT
--    NULL: the statement fails.
-- why: A rule that was meant to clean up refuses every deletion instead, at run time.
-- hint: Let the column be empty (ALTER COLUMN ... DROP NOT NULL), or give the foreign key another action.
-- lock: ACCESS EXCLUSIVE on {table_object}, for a moment
-- source: PostgreSQL documentation, CREATE TABLE, referential actions
-- examined: {foreign_keys} foreign keys
SELECT
    format('%s.%I', k.table_object, k.name) AS object,
    k.table_object,
    k.referenced_object,
    string_agg(DISTINCT format('%I', a.attname), ', ') AS columns,
    CASE WHEN k.on_delete = 'n' THEN 'is deleted' ELSE 'gets another key' END AS event,
    k.table_rows AS weight
FROM foreign_keys AS k
LEFT JOIN newer_constraints AS n ON n.oid = k.oid
CROSS JOIN LATERAL unnest(k.columns) AS key (attnum)
INNER JOIN pg_attribute AS a ON a.attrelid = k.table_oid AND a.attnum = key.attnum
WHERE a.attnotnull
    AND (
        k.on_delete = 'n' AND (n.emptied_columns IS NULL OR key.attnum = ANY(n.emptied_columns)) OR k.on_update = 'n'
    )
GROUP BY k.oid, k.table_object, k.name, k.referenced_object, k.on_delete, k.table_rows
