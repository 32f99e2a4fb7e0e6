-- title: This standby receives nothing
-- severity: critical
-- needs: standby
-- needs: role pg_read_all_settings
-- says: {object} is told to follow a primary (primary_conninfo), and no WAL receiver runs.
-- why: It gets no changes any more, and cannot take over without losing them.
-- hint: See its log: the primary cannot be reached, refuses it, or no longer has the WAL that it needs.
-- source: PostgreSQL documentation, pg_stat_wal_receiver
-- examined: one standby
SELECT 'this standby' AS object
FROM settings AS s
WHERE s.name = 'primary_conninfo' AND s.setting <> '' AND (SELECT count(r.pid) FROM pg_stat_get_wal_receiver() AS r) = 0
