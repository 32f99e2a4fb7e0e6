-- title: WAL archiving far behind
-- severity: warning
-- needs: own server
-- needs: role pg_monitor
-- threshold: warning_files = 10; that wait to be archived, the oldest for warning_seconds (our choice: 160 MB of WAL)
-- threshold: warning_seconds = 1 min; of waiting, and as many files (our choice)
-- threshold: stuck_seconds = 10 min; of waiting, even of a single file (our choice: archive_command hangs)
-- says: {files} WAL files wait to be archived, the oldest for {oldest_seconds}.
-- why: They stay in pg_wal until then, and a restore from the archive ends before them.
-- hint: See whether archive_command hangs (it is a child process of the archiver), or is slower than WAL is written.
-- source: PostgreSQL documentation, 26.3.1 Setting Up WAL Archiving
-- examined: {archivers} archivers
SELECT
    'archive_command' AS object,
    w.files,
    w.oldest_seconds
FROM (
    SELECT
        count(*) AS files,
        extract(epoch FROM clock_timestamp() - min(f.modification))::float8 AS oldest_seconds
    FROM archivers AS a
    CROSS JOIN LATERAL pg_ls_archive_statusdir() AS f
    WHERE f.name LIKE '%.ready' AND NOT a.is_failing
) AS w
WHERE (w.files >= :warning_files AND w.oldest_seconds >= :warning_seconds) OR w.oldest_seconds >= :stuck_seconds
