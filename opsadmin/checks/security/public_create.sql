-- title: Everybody may create objects
-- severity: warning
-- says: Every role that can connect may create {things} in the {kind} {object}: CREATE is granted to PUBLIC.
-- why: Who may create an object may put one in the way of another's queries and have it run with that one's rights.
-- hint: Take it back, and grant CREATE to the roles that make the tables.
-- fix: REVOKE CREATE ON {keyword} {object} FROM PUBLIC;
-- lock: none on tables
-- source: PostgreSQL documentation, 5.10.6 Usage Patterns (schemas); CVE-2018-1058
-- examined: {schemas} schemas, and the databases and tablespaces
SELECT DISTINCT
    s.object,
    'schema' AS kind,
    'SCHEMA' AS keyword,
    'tables, functions and operators' AS things
FROM schemas AS s
CROSS JOIN LATERAL aclexplode(s.acl) AS g
WHERE g.grantee = 0 AND g.privilege_type = 'CREATE'
UNION ALL
SELECT DISTINCT
    format('%I', d.datname) AS object,
    'database' AS kind,
    'DATABASE' AS keyword,
    'schemas' AS things
FROM pg_database AS d
CROSS JOIN LATERAL aclexplode(d.datacl) AS g
WHERE g.grantee = 0 AND g.privilege_type = 'CREATE'
UNION ALL
SELECT DISTINCT
    format('%I', t.spcname) AS object,
    'tablespace' AS kind,
    'TABLESPACE' AS keyword,
    'tables and indexes' AS things
FROM pg_tablespace AS t
CROSS JOIN LATERAL aclexplode(t.spcacl) AS g
WHERE g.grantee = 0 AND g.privilege_type = 'CREATE'
