-- Functions and procedures that people made: no system ones, none that an extension brought.
SELECT
    p.oid,
    n.nspname AS schema,
    format('%I.%I(%s)', n.nspname, p.proname, pg_get_function_identity_arguments(p.oid)) AS object,
    CASE p.prokind WHEN 'p' THEN 'PROCEDURE' ELSE 'FUNCTION' END AS kind,
    p.proowner AS owner,
    p.prolang AS language,
    p.prosecdef AS is_definer,
    p.proconfig AS settings,
    p.proacl AS acl,
    p.prosqlbody IS NOT NULL AS is_bound
FROM pg_proc AS p
INNER JOIN pg_namespace AS n ON n.oid = p.pronamespace
LEFT JOIN pg_depend AS d ON d.classid = 1255 AND d.objid = p.oid AND d.objsubid = 0 AND d.deptype = 'e'
WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast') AND n.nspname NOT LIKE 'pg\_temp\_%'
    AND d.objid IS NULL
