-- title: Setting that loses data
-- severity: critical
-- needs: own server
-- says: {object} is {setting}: {harm}.
-- why: It trades what was stored for speed, or lets damage pass.
-- hint: Set it to {better}{restart}.
-- fix: {repair}
-- lock: none on tables
-- source: PostgreSQL documentation, 20.5 Write Ahead Log and 20.17 Developer Options
-- examined: {settings} settings
SELECT
    s.name AS object,
    s.setting,
    v.harm,
    v.better,
    v.severity,
    CASE WHEN s.context = 'postmaster' THEN ', then restart the server' ELSE '' END AS restart,
    format(
        'ALTER SYSTEM SET %s = %L;%s', s.name, v.better,
        CASE WHEN s.context = 'postmaster' THEN '' ELSE E'\nSELECT pg_reload_conf();' END
    ) AS repair
FROM server_settings AS s
INNER JOIN risky_settings AS v ON v.name = s.name AND v.bad = s.setting
WHERE v.kind = 'loses'
