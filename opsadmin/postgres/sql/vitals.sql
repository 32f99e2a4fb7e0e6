-- The size of this database and its instance's connections. Takes no lock on any table. What a role may not see of other
-- sessions is NULL: those count as clients.
SELECT
    pg_database_size(current_database()) AS size_bytes,
    (
        SELECT count(*)
        FROM pg_stat_activity
        WHERE COALESCE(backend_type, 'client backend') = 'client backend'
    ) AS connections,
    current_setting('max_connections')::int AS max_connections
