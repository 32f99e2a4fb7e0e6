-- Since when this database's counters run, one row. `reset_at`: when somebody reset them, NULL where nobody did; they then
-- run since the server was made or recovered from a crash, which the background writer's counters know.
SELECT
    d.stats_reset AS reset_at,
    extract(epoch FROM now() - coalesce(d.stats_reset, b.stats_reset))::float8 AS age_seconds
FROM pg_stat_database AS d
CROSS JOIN pg_stat_bgwriter AS b
WHERE d.datname = current_database()
