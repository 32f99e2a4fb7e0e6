-- Temporary tables of all sessions in this database. The number in a temporary schema's name is that of the session it
-- belongs to; an orphan's session is gone, or its number belongs to a session of another database by now.
SELECT
    c.oid,
    format('%I.%I', n.nspname, c.relname) AS object,
    age(c.relfrozenxid) AS age,
    s.id IS NULL AS is_orphan
FROM pg_class AS c
INNER JOIN pg_namespace AS n ON n.oid = c.relnamespace
LEFT JOIN (
    SELECT i.id
    FROM pg_stat_get_backend_idset() AS i (id)
    WHERE pg_stat_get_backend_dbid(i.id) = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database())
) AS s ON s.id::text = substring(n.nspname FROM '^pg_temp_(\d+)$')
WHERE c.relpersistence = 't' AND c.relkind = 'r'
