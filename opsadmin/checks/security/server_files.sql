-- title: Role that reaches the server's files or programs
-- severity: warning
-- needs: own server
-- says: The role {object} may log in and has {privileges}.
-- why: It can run programs or write files as the server's user, and make itself superuser that way.
-- hint: Revoke it; COPY ... FROM STDIN (psql's \copy) loads a file without it.
-- lock: none on tables
-- source: PostgreSQL documentation, 22.5 Predefined Roles
-- examined: {roles} roles
SELECT
    r.object,
    string_agg(p.rolname, ', ' ORDER BY p.rolname) AS privileges,
    string_agg(
        CASE WHEN m.member IS NOT NULL THEN format('REVOKE %I FROM %s;', p.rolname, r.object) END, E'\n'
        ORDER BY p.rolname
    ) AS fix_sql,
    count(*) AS weight
FROM roles AS r
INNER JOIN pg_roles AS p
    ON p.rolname IN ('pg_execute_server_program', 'pg_read_server_files', 'pg_write_server_files')
    AND pg_has_role(r.oid, p.oid, 'MEMBER')
-- Where it comes through another role, that one's grant is the one to think about.
LEFT JOIN pg_auth_members AS m ON m.roleid = p.oid AND m.member = r.oid
WHERE r.may_log_in AND NOT r.is_superuser
GROUP BY r.oid, r.object
