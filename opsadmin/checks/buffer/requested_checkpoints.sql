-- title: Checkpoints come before their time
-- severity: warning
-- needs: own server
-- threshold: warning_percent = 50 %; of all checkpoints were requested (our choice)
-- threshold: min_requested = 10; checkpoints (our choice: fewer come with a restore or a base backup)
-- says: {requested} of {total} checkpoints in {counted_seconds} were requested ({requested_percent}), not due by
--   checkpoint_timeout; {object} is {setting_bytes}.
-- why: After each one every page is written to WAL whole again, which makes for more WAL and still more checkpoints.
-- hint: Raise max_wal_size until checkpoint_timeout decides, if nobody calls CHECKPOINT or takes base backups that often.
-- fix: ALTER SYSTEM SET max_wal_size = '{doubled}MB';
-- source: PostgreSQL documentation, 30.5 WAL Configuration
-- examined: {checkpoints} servers
SELECT
    'max_wal_size' AS object,
    c.requested,
    c.requested + c.timed AS total,
    c.counted_seconds,
    100.0 * c.requested / (c.requested + c.timed) AS requested_percent,
    s.setting::int8 * 1024 * 1024 AS setting_bytes,
    2 * s.setting::int8 AS doubled
FROM checkpoints AS c
INNER JOIN settings AS s ON s.name = 'max_wal_size'
WHERE c.requested >= :min_requested AND 100.0 * c.requested >= :warning_percent * (c.requested + c.timed)
