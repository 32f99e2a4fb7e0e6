-- title: Superuser that logs in
-- severity: warning
-- needs: own server
-- says: The role {object} is a superuser and may log in, beside {first_object}, with which the server was made.
-- why: No privilege holds it back: one leaked password gives away all databases and the machine's files.
-- hint: Take the right away and grant what it needs (pg_monitor, pg_maintain, ownership); a person who must act as
--    superuser can SET ROLE to one that cannot log in.
-- fix: ALTER ROLE {object} NOSUPERUSER;
-- lock: none on tables
-- source: PostgreSQL documentation, 22.2 Role Attributes; our choice: any but the first superuser
-- examined: {roles} roles
SELECT
    r.object,
    coalesce(f.object, 'the first one') AS first_object
FROM roles AS r
LEFT JOIN roles AS f ON f.is_first
WHERE r.is_superuser AND r.may_log_in AND NOT r.is_first
