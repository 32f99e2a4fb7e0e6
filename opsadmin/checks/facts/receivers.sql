-- Standbys and subscribers that this server sends WAL to, and how far behind each is. Base backups are none of them.
-- `lag_seconds`: what it measured of its replay, or since when nothing was heard of it, while there is something to replay.
SELECT
    r.pid,
    coalesce(nullif(r.application_name, ''), 'no application name') AS application,
    r.state,
    r.sync_state,
    pg_wal_lsn_diff(w.lsn, coalesce(r.replay_lsn, r.flush_lsn, r.write_lsn, r.sent_lsn))::float8 AS lag_bytes,
    pg_wal_lsn_diff(w.lsn, r.sent_lsn)::float8 AS unsent_bytes,
    pg_wal_lsn_diff(r.sent_lsn, coalesce(r.flush_lsn, r.write_lsn))::float8 AS unwritten_bytes,
    greatest(
        extract(epoch FROM r.replay_lag), extract(epoch FROM clock_timestamp() - r.reply_time)
    )::float8 AS lag_seconds
FROM pg_stat_replication AS r
CROSS JOIN wal_end AS w
WHERE r.state IS DISTINCT FROM 'backup'
