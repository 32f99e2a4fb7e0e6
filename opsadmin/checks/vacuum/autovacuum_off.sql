-- title: Autovacuum does not run
-- severity: critical
-- says: {object} is off{since}: no table is vacuumed or analyzed by itself.
-- why: Dead rows pile up, the planner goes by old statistics, and only a wraparound in sight wakes VACUUM.
-- hint: {hint_now}
-- source: PostgreSQL documentation, "The Autovacuum Daemon"
-- examined: {autovacuum} server
SELECT
    s.name AS object,
    CASE s.source
        WHEN 'default' THEN ''
        WHEN 'database' THEN ' for this database'
        WHEN 'user' THEN ' for this role'
        WHEN 'database user' THEN ' for this role in this database'
        ELSE format(' (%s)', s.source)
    END AS since,
    CASE s.source
        WHEN 'command line' THEN 'Take it out of the command that starts the server.'
        WHEN 'database' THEN format('ALTER DATABASE %I RESET %s, then connect anew.', current_database(), s.name)
        ELSE 'Switch it on. For one table that must be left alone there is its autovacuum_enabled.'
    END AS hint_now,
    CASE
        WHEN s.source = 'database' THEN format('ALTER DATABASE %I RESET %s;', current_database(), s.name)
        WHEN s.source NOT IN ('configuration file', 'default') THEN ''
        ELSE format('ALTER SYSTEM SET %s = on; SELECT pg_reload_conf();', s.name)
    END AS fix_sql,
    1 AS weight
FROM settings AS s
WHERE s.name IN ('autovacuum', 'track_counts') AND s.setting = 'off'
