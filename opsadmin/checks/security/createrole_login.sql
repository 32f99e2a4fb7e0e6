-- title: Login that may make itself superuser by CREATEROLE
-- severity: warning
-- needs: own server
-- says: The role {object} may log in and has CREATEROLE, by which it can grant itself {privileges}.
-- why: Before PostgreSQL 16 this right reaches every role but superusers, and by those two a superuser as well.
-- hint: Take it away where it is not needed, or keep it in a role that cannot log in, for a person to SET ROLE to.
-- fix: ALTER ROLE {object} NOCREATEROLE;
-- lock: none on tables
-- source: PostgreSQL documentation, release notes of 16 on CREATEROLE; our choice: not those who own a database
-- examined: {roles} roles
SELECT
    r.object,
    'pg_execute_server_program and pg_write_server_files' AS privileges
FROM roles AS r
LEFT JOIN pg_database AS d ON d.datdba = r.oid
WHERE current_setting('server_version_num')::int < 160000
    AND r.makes_roles AND r.may_log_in AND NOT r.is_superuser AND d.oid IS NULL
