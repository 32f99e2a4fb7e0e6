-- title: Password kept as MD5
-- severity: warning
-- needs: own server
-- needs: superuser
-- says: The password of the role {object} is kept as an MD5 hash.
-- why: A stolen copy of it lets its bearer log in as it stands, and later versions of PostgreSQL refuse it.
-- hint: Set password_encryption to scram-sha-256 and have the password set again (psql's \password).
-- lock: none on tables
-- source: PostgreSQL documentation, 21.5 Password Authentication; deprecated since 18
-- examined: {roles} roles
SELECT r.object
FROM roles AS r
INNER JOIN pg_authid AS a ON a.oid = r.oid
WHERE a.rolcanlogin AND a.rolpassword LIKE 'md5%'
