-- Sessions of clients in all databases of this server, but for this one. What a role may not see of others' sessions is
-- NULL here, never a guess.
SELECT
    a.pid,
    a.datname AS database,
    a.datname = current_database() AS is_here,
    a.usename AS role,
    coalesce(nullif(a.application_name, ''), 'no application name') AS application,
    a.client_addr AS address,
    a.state,
    a.wait_event_type,
    a.wait_event,
    a.backend_xid,
    a.backend_xmin,
    a.query_id,
    left(a.query, 200) AS query,
    extract(epoch FROM clock_timestamp() - a.backend_start)::float8 AS connected_seconds,
    extract(epoch FROM clock_timestamp() - a.xact_start)::float8 AS transaction_seconds,
    extract(epoch FROM clock_timestamp() - a.query_start)::float8 AS query_seconds,
    extract(epoch FROM clock_timestamp() - a.state_change)::float8 AS state_seconds
FROM pg_stat_activity AS a
WHERE a.backend_type = 'client backend' AND a.pid <> pg_backend_pid()
