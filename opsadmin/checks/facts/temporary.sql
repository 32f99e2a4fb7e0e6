-- Temporary tables of all sessions in this database. Before PostgreSQL 16 nobody says which session a temporary schema
-- belongs to: its tables are orphans for sure only where no other session is connected to this database.
SELECT
    c.oid,
    format('%I.%I', n.nspname, c.relname) AS object,
    age(c.relfrozenxid) AS age,
    NOT EXISTS (
        SELECT 1
        FROM backends AS b
        WHERE b.database = current_database() AND b.pid <> pg_backend_pid()
    ) AND n.oid <> pg_my_temp_schema() AS is_orphan
FROM pg_class AS c
INNER JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relpersistence = 't' AND c.relkind = 'r'
