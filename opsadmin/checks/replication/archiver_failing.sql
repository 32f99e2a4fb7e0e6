-- title: WAL archiving fails
-- severity: warning
-- needs: own server
-- threshold: critical_seconds = 15 min; without a file archived (our choice)
-- says: archive_mode is {mode}, and the last attempt to archive failed, {failed_seconds} ago, on {last_failed};
--   {failures} failures in all, {archived}.
-- why: WAL stays in pg_wal until the disk is full, and a restore from the archive ends where it stopped.
-- hint: The server's log says what archive_command answered; mend it, and the archiver goes on by itself.
-- source: PostgreSQL documentation, pg_stat_archiver
-- examined: {archivers} archivers
SELECT
    'archive_command' AS object,
    a.mode,
    a.failed_seconds,
    a.last_failed,
    a.failures,
    CASE
        WHEN a.archived_seconds IS NULL THEN 'and none was ever archived'
        ELSE 'and the last that worked was ' || round(a.archived_seconds) || ' s ago'
    END AS archived,
    CASE WHEN coalesce(a.archived_seconds, a.counted_seconds) >= :critical_seconds THEN 'critical' ELSE 'warning' END
        AS severity
FROM archivers AS a
WHERE a.is_failing
