-- title: Login that row level security does not hold
-- severity: warning
-- needs: own server
-- says: The role {object} may log in and has BYPASSRLS: the policies of {tables} in this database do not hold for it.
-- why: It sees and changes every tenant's rows that its grants reach, and nothing in a query shows it.
-- hint: Take it away where it is not needed; for backups, keep it in a role that nothing else uses.
-- fix: ALTER ROLE {object} NOBYPASSRLS;
-- lock: none on tables
-- source: PostgreSQL documentation, 5.9 Row Security Policies
-- examined: {roles} roles
SELECT
    r.object,
    g.tables || CASE g.tables WHEN 1 THEN ' table' ELSE ' tables' END AS tables
FROM roles AS r
INNER JOIN (SELECT count(*) AS tables FROM guarded) AS g ON g.tables > 0
WHERE r.bypasses_rls AND r.may_log_in AND NOT r.is_superuser
