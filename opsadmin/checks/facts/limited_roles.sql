-- Roles with a CONNECTION LIMIT (which does not hold for superusers), and how much of it they use: walsenders count,
-- parallel workers do not.
SELECT
    format('%I', r.rolname) AS role,
    r.rolconnlimit AS allowed,
    count(b.pid) AS used
FROM pg_roles AS r
LEFT JOIN backends AS b ON b.role_oid = r.oid AND (b.is_client OR b.kind = 'walsender')
WHERE r.rolconnlimit > 0 AND NOT r.rolsuper
GROUP BY r.rolname, r.rolconnlimit
