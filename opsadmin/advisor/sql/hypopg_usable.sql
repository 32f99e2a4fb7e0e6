-- Whether this role may use HypoPG.
SELECT
    has_schema_privilege(e.extnamespace, 'USAGE')
    AND NOT EXISTS (
        SELECT
        FROM pg_depend AS d
        JOIN pg_proc AS f ON f.oid = d.objid
        WHERE
            d.classid = 'pg_proc'::regclass AND d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid
            AND f.proname IN ('hypopg_create_index', 'hypopg_drop_index', 'hypopg_relation_size', 'hypopg_reset')
            AND NOT has_function_privilege(f.oid, 'EXECUTE')
    ) AS is_usable
FROM pg_extension AS e
WHERE e.extname = 'hypopg'
