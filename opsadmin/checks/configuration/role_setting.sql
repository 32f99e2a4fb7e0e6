-- title: Harmful setting of a role or database
-- severity: warning
-- says: {name} is {value} for {scope_of}: {harm}.
-- why: It holds for every session there, and no file of the server's configuration shows it.
-- hint: Take it back; a transaction that really needs it can say SET LOCAL.
-- fix: {reset}
-- lock: none on tables; sessions that begin later follow it
-- source: PostgreSQL documentation, ALTER ROLE ... SET, ALTER DATABASE ... SET
-- examined: {role_settings} settings of roles and databases
SELECT
    format('%s: %s', r.object, r.name) AS object,
    r.object AS scope_of,
    r.name,
    r.value,
    r.reset,
    v.harm,
    v.severity
FROM role_settings AS r
INNER JOIN risky_settings AS v ON v.name = r.name AND v.bad = r.value
UNION ALL
SELECT
    format('%s: %s', r.object, r.name) AS object,
    r.object AS scope_of,
    r.name,
    r.value,
    r.reset,
    'all its queries are planned without that method' AS harm,
    'warning' AS severity
FROM role_settings AS r
INNER JOIN settings AS s ON s.name = r.name
WHERE r.name LIKE 'enable\_%' AND s.built_in = 'on' AND r.value = 'off'
