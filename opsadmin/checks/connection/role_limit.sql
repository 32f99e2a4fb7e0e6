-- title: Connections of a role nearly used up
-- severity: warning
-- threshold: warning_percent = 75 %; of the role's CONNECTION LIMIT (our choice)
-- threshold: critical_percent = 95 %; of the role's CONNECTION LIMIT (our choice)
-- says: Role {role} has {used} of its {allowed} connections ({used_percent}).
-- why: At its limit the next connection of that role fails, however empty the server is.
-- hint: See what its sessions do, make its pool smaller, or raise the limit (ALTER ROLE {role} CONNECTION LIMIT ...).
-- source: PostgreSQL documentation, CREATE ROLE, CONNECTION LIMIT
-- examined: {limited_roles} roles with a limit
SELECT
    'role ' || r.role AS object,
    r.role,
    r.used,
    r.allowed,
    100.0 * r.used / r.allowed AS used_percent,
    CASE WHEN 100.0 * r.used / r.allowed >= :critical_percent THEN 'critical' ELSE 'warning' END AS severity,
    100.0 * r.used / r.allowed AS weight
FROM limited_roles AS r
WHERE 100.0 * r.used / r.allowed >= :warning_percent
