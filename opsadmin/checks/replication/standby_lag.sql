-- title: This standby lags behind
-- severity: warning
-- needs: standby
-- threshold: warning_seconds = 30 s; since the last transaction that it replayed, while more wait
--   (max_standby_streaming_delay's built-in value: so long may its queries hold it up)
-- threshold: critical_seconds = 15 min; of the same (our choice)
-- says: {object} has not replayed a transaction for {lag_seconds}, and {pending_bytes} of WAL that it received wait.
-- why: Its readers see data that is as old.
-- hint: See what holds it up: a paused or delayed replay, long queries here, or its disk.
-- source: PostgreSQL documentation, pg_last_xact_replay_timestamp
-- examined: one standby
SELECT
    'this standby' AS object,
    l.lag_seconds,
    l.pending_bytes,
    CASE WHEN l.lag_seconds >= :critical_seconds THEN 'critical' ELSE 'warning' END AS severity
FROM (
    SELECT
        -- One that has replayed none since its start says nothing of when the last was.
        extract(
            epoch FROM clock_timestamp() - coalesce(pg_last_xact_replay_timestamp(), pg_postmaster_start_time())
        )::float8 AS lag_seconds,
        pg_wal_lsn_diff(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn())::float8 AS pending_bytes
) AS l
WHERE l.pending_bytes > 0 AND l.lag_seconds >= :warning_seconds
