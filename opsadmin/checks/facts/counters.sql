-- Since when this database's counters run, one row. They run since somebody reset them, or else since the server was made
-- or lost them in a crash (a host that puts the server to sleep may lose them each time): that is when the background
-- writer's began. `cover_all`: nobody reset them and nothing was lost since initdb, whose time the system's number holds.
SELECT
    d.stats_reset AS reset_at,
    extract(epoch FROM now() - coalesce(d.stats_reset, b.stats_reset))::float8 AS age_seconds,
    d.stats_reset IS NULL AND b.stats_reset < to_timestamp(s.system_identifier >> 32) + interval '1 hour' AS cover_all
FROM pg_stat_database AS d
CROSS JOIN pg_stat_bgwriter AS b
CROSS JOIN pg_control_system() AS s
WHERE d.datname = current_database()
