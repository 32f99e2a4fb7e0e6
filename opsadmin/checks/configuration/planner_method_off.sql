-- title: Planner method switched off for everybody
-- severity: warning
-- needs: own server
-- says: {object} is off for the whole server.
-- why: It was meant for one query that went wrong; all others get worse plans by it.
-- hint: Set it back, and mend the one query (statistics, an index, a better estimate).
-- fix: {repair}
-- lock: none on tables
-- source: PostgreSQL documentation, 20.7.1 Planner Method Configuration: "a temporary solution"
-- examined: {settings} settings
SELECT
    s.name AS object,
    format(E'ALTER SYSTEM SET %s = on;\nSELECT pg_reload_conf();', s.name) AS repair
FROM server_settings AS s
WHERE s.name LIKE 'enable\_%' AND s.built_in = 'on' AND s.setting = 'off'
