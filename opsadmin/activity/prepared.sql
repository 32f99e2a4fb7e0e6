-- Prepared transactions of all databases: they hold their locks until somebody ends them, across restarts.
SELECT
    x.gid,
    x.owner,
    x.database,
    x.prepared,
    extract(epoch FROM clock_timestamp() - x.prepared)::float8 AS seconds
FROM pg_prepared_xacts AS x
