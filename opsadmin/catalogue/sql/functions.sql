-- The functions, procedures and aggregates under one of several names, every overload. The text of a body that PostgreSQL
-- keeps parsed takes locks on what it reads, and is asked for apart.
SELECT
    f.oid::bigint AS oid,
    n.nspname AS schema_name,
    f.proname AS name,
    CASE f.prokind
        WHEN 'p' THEN 'procedure'
        WHEN 'a' THEN 'aggregate'
        WHEN 'w' THEN 'window_function'
        ELSE 'function'
    END AS kind,
    quote_ident(n.nspname) || '.' || quote_ident(f.proname) || '(' || pg_get_function_identity_arguments(f.oid) || ')'
        AS identity,
    ARRAY(
        SELECT format_type(u.type, NULL)
        FROM unnest(f.proargtypes::oid []) WITH ORDINALITY AS u (type, place)
        ORDER BY u.place
    ) AS argument_types,
    pg_get_function_identity_arguments(f.oid) AS identity_arguments,
    pg_get_function_arguments(f.oid) AS arguments,
    pg_get_function_result(f.oid) AS returns,
    l.lanname AS language,
    pg_get_userbyid(f.proowner) AS owner,
    obj_description(f.oid, 'pg_proc') AS comment,
    CASE f.provolatile WHEN 'i' THEN 'immutable' WHEN 's' THEN 'stable' ELSE 'volatile' END AS volatility,
    CASE f.proparallel WHEN 's' THEN 'safe' WHEN 'r' THEN 'restricted' ELSE 'unsafe' END AS parallel,
    f.proisstrict AS strict,
    f.prosecdef AS security_definer,
    f.proleakproof AS leakproof,
    f.procost AS cost,
    nullif(f.prorows, 0) AS rows,
    coalesce(f.proconfig, '{}') AS settings,
    e.extname AS extension,
    st.calls,
    st.total_time AS total_ms,
    st.self_time AS self_ms,
    ag.aggtransfn::regprocedure::text AS state_function,
    format_type(ag.aggtranstype, NULL) AS state_type,
    nullif(ag.aggfinalfn, 0)::regprocedure::text AS final_function,
    nullif(ag.aggcombinefn, 0)::regprocedure::text AS combine_function,
    ag.agginitval AS initial_value,
    f.proacl IS NULL AS privileges_are_default,
    privileges.list AS privileges
FROM pg_proc AS f
INNER JOIN pg_namespace AS n ON n.oid = f.pronamespace
INNER JOIN pg_language AS l ON l.oid = f.prolang
LEFT JOIN pg_aggregate AS ag ON ag.aggfnoid = f.oid
LEFT JOIN pg_stat_user_functions AS st ON st.funcid = f.oid
LEFT JOIN pg_depend AS member
    ON member.classid = 'pg_proc'::regclass AND member.objid = f.oid AND member.deptype = 'e'
LEFT JOIN pg_extension AS e ON e.oid = member.refobjid
CROSS JOIN LATERAL (
    SELECT coalesce(json_agg(g ORDER BY g.grantee, g.grantor), '[]') AS list
    FROM (
        SELECT
            CASE WHEN x.grantee = 0 THEN 'PUBLIC' ELSE pg_get_userbyid(x.grantee) END AS grantee,
            pg_get_userbyid(x.grantor) AS grantor,
            array_agg(x.privilege_type ORDER BY x.privilege_type) AS privileges,
            coalesce(array_agg(x.privilege_type ORDER BY x.privilege_type) FILTER (WHERE x.is_grantable), '{}')
                AS grantable
        FROM aclexplode(coalesce(f.proacl, acldefault('f', f.proowner))) AS x
        GROUP BY x.grantee, x.grantor
    ) AS g
) AS privileges
WHERE
    n.nspname = ANY(%(schemas)s::name[])
    AND f.proname = ANY(%(names)s::name[])
    AND f.prokind = ANY(%(kinds)s::"char" [])
ORDER BY f.proname, f.oid
