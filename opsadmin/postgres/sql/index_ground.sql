-- Since when the counters run, and whether a standby counts for itself.
SELECT
    'counters' AS object,
    c.reset_at,
    c.age_seconds,
    EXISTS (SELECT FROM pg_stat_replication) AS has_standby
FROM counters AS c
