-- title: SECURITY DEFINER without search_path
-- severity: warning
-- says: {object} runs with the rights of {owner_name}{superuser}, {callers} may call it, and it fixes no search_path.
-- why: The caller chooses in which schemas its names are looked up, and so has own code run with the owner's rights.
-- hint: Fix the path: the schemas that the function needs, then pg_temp. Check that it names nothing from another one.
-- fix: ALTER {kind} {object} SET search_path = {schema_object}, pg_temp;
-- lock: none on tables
-- source: PostgreSQL documentation, CREATE FUNCTION, "Writing SECURITY DEFINER Functions Safely"; critical where a
--    superuser owns it and PUBLIC may call it
-- examined: {functions} functions
SELECT
    p.object,
    p.kind,
    format('%I', p.schema) AS schema_object,
    p.is_open,
    format('%I', r.rolname) AS owner_name,
    CASE WHEN r.rolsuper THEN ', a superuser' ELSE '' END AS superuser,
    CASE WHEN p.is_open THEN 'everybody' ELSE 'only some roles' END AS callers,
    CASE WHEN r.rolsuper AND p.is_open THEN 'critical' ELSE 'warning' END AS severity,
    CASE WHEN r.rolsuper THEN 2 ELSE 0 END + CASE WHEN p.is_open THEN 1 ELSE 0 END AS weight
FROM (
    SELECT
        f.*,
        f.acl IS NULL OR EXISTS (
            SELECT 1
            FROM aclexplode(f.acl) AS g
            WHERE g.grantee = 0
        ) AS is_open
    FROM functions AS f
    WHERE f.is_definer
) AS p
INNER JOIN pg_roles AS r ON r.oid = p.owner
-- Written in C they name nothing by a path; the body of BEGIN ATOMIC was bound when it was made.
WHERE p.language NOT IN (12, 13) AND NOT p.is_bound
    AND NOT EXISTS (
        SELECT 1
        FROM unnest(p.settings) AS s (entry)
        WHERE s.entry LIKE 'search_path=%'
    )
