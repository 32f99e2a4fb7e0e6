-- title: Temporary tables of a dead session
-- severity: warning
-- says: {object} was left by a session that is gone; its transaction ids are {age_now} old.
-- why: No other session may vacuum or read it, so its transaction ids grow old until the whole database has to stop.
-- hint: Drop it. Autovacuum does so by itself where it runs.
-- fix: DROP TABLE {object};
-- lock: ACCESS EXCLUSIVE on {object}, which nobody uses
-- source: PostgreSQL documentation, "Preventing Transaction ID Wraparound Failures"
-- examined: {temporary} temporary tables
SELECT
    t.object,
    t.age AS age_now,
    t.age AS weight
FROM temporary AS t
WHERE t.is_orphan
