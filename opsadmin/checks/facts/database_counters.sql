-- The counters of each database of this server (and of what they share: no name), with the hours they have run. `hours`:
-- since somebody reset them, else since the server was made or crashed, which the background writer's counters know; at
-- least one, so that a young server's first minutes are not multiplied.
SELECT
    d.datname AS name,
    coalesce('database ' || quote_ident(d.datname), 'what all databases share') AS object,
    d.blks_hit AS hits,
    d.blks_read AS reads,
    d.temp_files,
    d.temp_bytes,
    d.deadlocks,
    d.checksum_failures,
    extract(epoch FROM clock_timestamp() - d.checksum_last_failure)::float8 AS checksum_seconds,
    extract(epoch FROM clock_timestamp() - coalesce(d.stats_reset, b.stats_reset))::float8 AS counted_seconds,
    greatest(extract(epoch FROM clock_timestamp() - coalesce(d.stats_reset, b.stats_reset)) / 3600, 1)::float8 AS hours
FROM pg_stat_database AS d
CROSS JOIN pg_stat_bgwriter AS b
