-- Sessions of clients in all databases of this server, but for this one. What a role may not see of others' sessions is
-- NULL here, never a guess.
SELECT
    b.pid,
    b.database,
    b.database = current_database() AS is_here,
    b.role,
    b.application,
    b.address,
    b.state,
    b.wait_event_type,
    b.wait_event,
    b.backend_xid,
    b.backend_xmin,
    b.query_id,
    b.doing,
    b.query,
    b.connected_seconds,
    b.transaction_seconds,
    b.query_seconds,
    b.state_seconds
FROM backends AS b
WHERE b.is_client AND b.pid <> pg_backend_pid()
