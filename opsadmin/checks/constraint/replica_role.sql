-- title: Triggers and foreign keys switched off by session_replication_role
-- severity: critical
-- says: session_replication_role is {value} for {object}: in {scope} neither foreign keys nor ordinary triggers fire.
-- why: What these sessions write is checked by nothing, and the constraints go on looking valid.
-- hint: Take the setting back, then look for rows without their counterpart. A loader sets it for one transaction
--    (SET LOCAL), and only with data that was checked before.
-- fix: {reset}
-- lock: none on tables; sessions that begin later follow it
-- source: PostgreSQL documentation, session_replication_role
-- examined: {settings} settings of the server, {role_settings} of roles and databases
SELECT
    r.object,
    r.value,
    r.scope,
    r.reset
FROM role_settings AS r
WHERE r.name = 'session_replication_role' AND r.value = 'replica'
UNION ALL
SELECT
    s.name AS object,
    s.setting AS value,
    'every session of this server' AS scope,
    E'ALTER SYSTEM SET session_replication_role = origin;\nSELECT pg_reload_conf();' AS reset
FROM server_settings AS s
WHERE s.name = 'session_replication_role' AND s.setting = 'replica'
