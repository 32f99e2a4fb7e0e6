-- Checkpoints since the counters run (one row).
SELECT
    c.num_timed AS timed,
    c.num_requested AS requested,
    extract(epoch FROM clock_timestamp() - c.stats_reset)::float8 AS counted_seconds
FROM pg_stat_checkpointer AS c
