-- The processes of this server that pg_stat_activity shows, ours included. Of other roles' sessions a role without
-- pg_read_all_stats sees pid, role, database, application and snapshot; their kind and all else is NULL here.
SELECT
    a.pid,
    coalesce(a.leader_pid, a.pid) AS leader,
    a.backend_type AS kind,
    a.datid AS database_oid,
    a.datname AS database,
    a.usesysid AS role_oid,
    a.usename AS role,
    coalesce(nullif(a.application_name, ''), 'no application name') AS application,
    a.client_addr AS address,
    CASE WHEN a.backend_type IS NOT NULL THEN a.state END AS state,
    a.wait_event_type,
    a.wait_event,
    a.backend_xid,
    a.backend_xmin,
    a.query_id,
    -- Up to the first literal: what stands in one may be a secret.
    CASE
        WHEN a.backend_type IS NOT NULL
            THEN left(btrim(regexp_replace(regexp_replace(a.query, '(''|\$[^0-9]).*$', '...'), '\s+', ' ', 'g')), 120)
    END AS doing,
    left(a.query, 200) AS query,
    extract(epoch FROM clock_timestamp() - a.backend_start)::float8 AS connected_seconds,
    extract(epoch FROM clock_timestamp() - a.xact_start)::float8 AS transaction_seconds,
    extract(epoch FROM clock_timestamp() - a.query_start)::float8 AS query_seconds,
    extract(epoch FROM clock_timestamp() - a.state_change)::float8 AS state_seconds,
    coalesce(a.backend_type, 'client backend') = 'client backend' AND a.usesysid IS NOT NULL
    AND a.datid IS NOT NULL AS is_client
FROM pg_stat_activity AS a
