-- title: Future objects open to everybody
-- severity: warning
-- says: What {role} makes of {things}{place} will be open to everybody: {privileges} by default.
-- why: Each new one is readable or writable by every role before anybody notices.
-- hint: Take the default back; what was created meanwhile keeps its grants.
-- fix: ALTER DEFAULT PRIVILEGES FOR ROLE {role}{in_schema} REVOKE {privileges} ON {kind} FROM PUBLIC;
-- lock: none on tables
-- source: PostgreSQL documentation, ALTER DEFAULT PRIVILEGES; EXECUTE and USAGE on types are PostgreSQL's own defaults
-- examined: {roles} roles in {schemas} schemas
SELECT
    CASE WHEN d.defaclnamespace = 0 THEN format('role %I', r.rolname)
        ELSE format('role %I in schema %I', r.rolname, n.nspname)
    END AS object,
    format('%I', r.rolname) AS role,
    CASE d.defaclobjtype WHEN 'r' THEN 'TABLES' WHEN 'S' THEN 'SEQUENCES' ELSE 'SCHEMAS' END AS kind,
    CASE d.defaclobjtype WHEN 'r' THEN 'tables' WHEN 'S' THEN 'sequences' ELSE 'schemas' END AS things,
    CASE WHEN d.defaclnamespace = 0 THEN '' ELSE format(' in the schema %I', n.nspname) END AS place,
    CASE WHEN d.defaclnamespace = 0 THEN '' ELSE format(' IN SCHEMA %I', n.nspname) END AS in_schema,
    string_agg(DISTINCT g.privilege_type, ', ') AS privileges
FROM pg_default_acl AS d
INNER JOIN pg_roles AS r ON r.oid = d.defaclrole
LEFT JOIN pg_namespace AS n ON n.oid = d.defaclnamespace
CROSS JOIN LATERAL aclexplode(d.defaclacl) AS g
WHERE g.grantee = 0
    AND (d.defaclobjtype IN ('r', 'S') OR d.defaclobjtype = 'n' AND g.privilege_type = 'CREATE')
GROUP BY d.oid, d.defaclobjtype, d.defaclnamespace, r.rolname, n.nspname
