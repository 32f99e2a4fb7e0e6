-- title: Setting that hides problems
-- severity: warning
-- needs: own server
-- threshold: deadlock_seconds = 60 s; of deadlock_timeout (our choice: sixty times the default)
-- says: {object} is {setting}: {harm}.
-- why: Trouble grows unseen until it is an outage.
-- hint: Set it to {better}.
-- fix: {repair}
-- lock: none on tables
-- source: PostgreSQL documentation, 20.8 Error Reporting and Logging, 20.9 Run-time Statistics, 20.12 Lock Management
-- examined: {settings} settings
SELECT
    h.name AS object,
    coalesce(nullif(h.setting, ''), 'empty') AS setting,
    h.harm,
    h.better,
    h.severity,
    format(E'ALTER SYSTEM SET %s = %L;\nSELECT pg_reload_conf();', h.name, h.better) AS repair
FROM (
    SELECT
        s.name,
        s.setting,
        v.harm,
        v.better,
        v.severity
    FROM server_settings AS s
    INNER JOIN risky_settings AS v ON v.name = s.name AND v.bad = s.setting
    WHERE v.kind = 'hides'
    UNION ALL
    SELECT
        s.name,
        s.setting || ' ' || s.unit AS setting,
        'two sessions that wait for each other stay stuck for that long' AS harm,
        '1s' AS better,
        'warning' AS severity
    FROM server_settings AS s
    WHERE s.name = 'deadlock_timeout' AND s.setting::float8 / 1000 >= :deadlock_seconds
) AS h
