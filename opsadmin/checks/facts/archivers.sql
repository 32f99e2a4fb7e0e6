-- The archiver where there is one (archive_mode is on or always), else no row.
SELECT
    m.setting AS mode,
    a.archived_count AS archivals,
    a.failed_count AS failures,
    a.last_failed_wal AS last_failed,
    coalesce(a.last_failed_time > coalesce(a.last_archived_time, '-infinity'), FALSE) AS is_failing,
    extract(epoch FROM clock_timestamp() - a.last_failed_time)::float8 AS failed_seconds,
    extract(epoch FROM clock_timestamp() - a.last_archived_time)::float8 AS archived_seconds,
    extract(epoch FROM clock_timestamp() - a.stats_reset)::float8 AS counted_seconds
FROM pg_stat_archiver AS a
INNER JOIN settings AS m ON m.name = 'archive_mode'
WHERE m.setting <> 'off'
