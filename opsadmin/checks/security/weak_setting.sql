-- title: Setting that weakens protection
-- severity: warning
-- needs: own server
-- says: {object} is {setting}: {harm}.
-- why: One setting opens what the roles' rights are there to protect.
-- hint: Set it to {better}.
-- fix: {repair}
-- lock: none on tables
-- source: PostgreSQL documentation, password_encryption, standard_conforming_strings, lo_compat_privileges,
--    ssl_min_protocol_version
-- examined: {settings} settings
SELECT
    s.name AS object,
    s.setting,
    v.harm,
    v.better,
    v.severity,
    format(E'ALTER SYSTEM SET %s = %L;\nSELECT pg_reload_conf();', s.name, v.better) AS repair
FROM server_settings AS s
INNER JOIN risky_settings AS v ON v.name = s.name AND v.bad = s.setting
WHERE v.kind = 'weakens'
