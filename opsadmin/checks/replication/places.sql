-- title: Replication slots or senders nearly used up
-- severity: warning
-- threshold: warning_percent = 80 %; of max_replication_slots or max_wal_senders (our choice)
-- says: {used} of {object} = {allowed} are in use ({used_percent}).
-- why: At the limit the next standby, subscriber or base backup is refused, and raising it needs a restart.
-- hint: Drop what nobody reads, or raise it at the next restart.
-- source: PostgreSQL documentation, 20.6.1 Sending Servers
-- examined: {slots} replication slots
SELECT
    p.name AS object,
    p.used,
    p.allowed,
    100.0 * p.used / p.allowed AS used_percent
FROM (
    SELECT
        s.name,
        s.setting::int8 AS allowed,
        CASE s.name
            WHEN 'max_wal_senders' THEN (SELECT count(*) FROM pg_stat_replication)
            ELSE (SELECT count(*) FROM pg_replication_slots)
        END AS used
    FROM settings AS s
    WHERE s.name IN ('max_replication_slots', 'max_wal_senders') AND s.setting::int8 > 0
) AS p
WHERE 100.0 * p.used / p.allowed >= :warning_percent
