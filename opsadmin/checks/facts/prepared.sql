-- Prepared transactions of all databases.
SELECT
    x.gid,
    x.owner,
    x.database,
    x.database = current_database() AS is_here,
    age(x.transaction) AS age,
    extract(epoch FROM clock_timestamp() - x.prepared)::float8 AS seconds
FROM pg_prepared_xacts AS x
