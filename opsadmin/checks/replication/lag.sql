-- title: Standby or subscriber that lags behind
-- severity: warning
-- needs: role pg_read_all_stats
-- threshold: warning_seconds = 30 s; behind (max_standby_streaming_delay's built-in value: so long may a standby's
--   queries hold it up)
-- threshold: early_bytes = 16 MB; behind, and for early_seconds (our choice: one WAL file)
-- threshold: early_seconds = 15 s; behind, and by early_bytes (our choice)
-- threshold: warning_bytes = 1 GB; behind, however short (our choice)
-- threshold: critical_seconds = 15 min; behind (our choice)
-- threshold: critical_bytes = 10 GB; behind (our choice)
-- says: {application} (pid {pid}, {state}, {sync_state}) is {lag_bytes} and {lag_seconds} behind, {where_it_is}.
-- why: Its readers see old data, and what it has not got is lost if this server dies.
-- hint: See what holds it up: a paused or delayed replay, long queries there, its disk, or the network.
-- source: PostgreSQL documentation, pg_stat_replication.replay_lag
-- examined: {receivers} standbys and subscribers
SELECT
    format('pid %s (%s)', r.pid, r.application) AS object,
    r.application,
    r.pid,
    r.state,
    r.sync_state,
    r.lag_bytes,
    r.lag_seconds,
    CASE
        WHEN 2 * r.unsent_bytes > r.lag_bytes THEN 'most of it not even sent'
        WHEN 2 * r.unwritten_bytes > r.lag_bytes THEN 'most of it sent and not written there'
        ELSE 'most of it there and not replayed'
    END AS where_it_is,
    CASE
        WHEN r.lag_seconds >= :critical_seconds OR r.lag_bytes >= :critical_bytes THEN 'critical'
        ELSE 'warning'
    END AS severity,
    r.lag_bytes AS weight
FROM receivers AS r
WHERE (r.lag_bytes > 0 AND r.lag_seconds >= :warning_seconds)
    OR (r.lag_bytes >= :early_bytes AND r.lag_seconds >= :early_seconds)
    OR r.lag_bytes >= :warning_bytes
