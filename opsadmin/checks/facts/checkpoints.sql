-- Checkpoints since the counters run (one row). From PostgreSQL 17 on they are counted elsewhere.
SELECT
    b.checkpoints_timed AS timed,
    b.checkpoints_req AS requested,
    extract(epoch FROM clock_timestamp() - b.stats_reset)::float8 AS counted_seconds
FROM pg_stat_bgwriter AS b
