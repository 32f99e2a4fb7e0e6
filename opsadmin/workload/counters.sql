-- What this server has counted so far and how full it is. One row, no lock on any table. `state`, `backend_type` and the times
-- of sessions that the role may not see are NULL: those count as clients, and as nobody at work.
SELECT
    clock_timestamp() AS clock,
    pg_postmaster_start_time() AS started_at,
    (SELECT c.system_identifier::text FROM pg_control_system() AS c) AS system,
    d.datid::int8 AS database_oid,
    d.stats_reset AS reset_at,
    g.stats_reset AS server_reset_at,
    current_setting('neon.project_id', true) IS NOT NULL
    OR current_setting('neon.timeline_id', true) IS NOT NULL
    OR current_setting('neon.branch_id', true) IS NOT NULL AS sleeps,
    pg_is_in_recovery() AS in_recovery,
    d.xact_commit,
    d.xact_rollback,
    d.blks_hit,
    d.blks_read,
    d.tup_returned,
    d.tup_fetched,
    d.tup_inserted,
    d.tup_updated,
    d.tup_deleted,
    d.conflicts,
    d.temp_files,
    d.temp_bytes,
    d.deadlocks,
    d.blk_read_time,
    d.blk_write_time,
    d.active_time,
    d.idle_in_transaction_time,
    CASE WHEN pg_is_in_recovery() THEN w.received ELSE w.written END AS wal_bytes,
    -- PostgreSQL 17 has them elsewhere: look.py puts that in their place.
    g.checkpoints_timed AS checkpoints_timed,
    g.checkpoints_req AS checkpoints_requested,
    pg_database_size(d.datid) AS size_bytes,
    current_setting('max_connections')::int AS connections_most,
    a.connections,
    a.active,
    a.oldest_transaction,
    a.waiting,
    a.idle_for
FROM pg_stat_database AS d
CROSS JOIN pg_stat_bgwriter AS g
CROSS JOIN (
    SELECT
        CASE WHEN NOT pg_is_in_recovery() THEN pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0') END::int8 AS written,
        CASE WHEN pg_is_in_recovery() THEN pg_wal_lsn_diff(pg_last_wal_replay_lsn(), '0/0') END::int8 AS received
) AS w
CROSS JOIN (
    SELECT
        count(*) AS connections,
        count(*) FILTER (WHERE s.state = 'active' AND s.pid <> pg_backend_pid()) AS active,
        count(*) FILTER (WHERE s.wait_event_type = 'Lock' AND s.datname = current_database()) AS waiting,
        coalesce(extract(epoch FROM clock_timestamp() - min(s.xact_start) FILTER (WHERE s.pid <> pg_backend_pid())), 0)
        ::float8 AS oldest_transaction,
        -- Since when nobody but this site did anything; NULL where nobody else is here. Between two looks, and when its pages
        -- ask, a session of ours has the name that it began with.
        extract(
            epoch FROM clock_timestamp() - max(
                CASE WHEN s.state IN ('active', 'idle in transaction') THEN clock_timestamp() ELSE s.state_change END
            ) FILTER (
                WHERE s.pid <> pg_backend_pid()
                AND s.application_name NOT IN ('opsadmin', 'opsadmin console', coalesce(nullif(own.name, ''), 'opsadmin'))
            )
        )::float8 AS idle_for
    FROM pg_stat_activity AS s
    CROSS JOIN (SELECT o.reset_val AS name FROM pg_settings AS o WHERE o.name = 'application_name') AS own
    WHERE coalesce(s.backend_type, 'client backend') = 'client backend'
) AS a
WHERE d.datname = current_database()
