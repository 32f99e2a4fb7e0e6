-- title: Sorts and hashes that spill to disk
-- severity: warning
-- threshold: warning_bytes = 10 MB; of temporary files an hour, on average since the counters run (our choice: work_mem is
--   too small for what is done regularly)
-- threshold: critical_bytes = 10 GB; of temporary files an hour (our choice: the disk feels it)
-- says: {object} wrote {temp_files} temporary files of {temp_bytes} in {counted_seconds}, {hourly_bytes} an hour.
-- why: What does not fit into work_mem is sorted and hashed on disk, many times slower.
-- hint: Find the statements by their temporary blocks in pg_stat_statements, or with log_temp_files; an index for the
--   order or a larger work_mem for their role helps.
-- source: PostgreSQL documentation, pg_stat_database.temp_bytes; work_mem
-- examined: {database_counters} databases
SELECT
    d.object,
    d.temp_files,
    d.temp_bytes,
    d.counted_seconds,
    d.temp_bytes / d.hours AS hourly_bytes,
    CASE WHEN d.temp_bytes / d.hours >= :critical_bytes THEN 'critical' ELSE 'warning' END AS severity,
    d.temp_bytes / d.hours AS weight
FROM database_counters AS d
WHERE d.temp_bytes / d.hours >= :warning_bytes
