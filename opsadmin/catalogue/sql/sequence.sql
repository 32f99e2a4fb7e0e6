-- One sequence under one of several names. Where it stands takes a lock and a privilege, and is asked for apart.
SELECT
    c.oid::bigint AS oid,
    n.nspname AS schema_name,
    c.relname AS name,
    quote_ident(n.nspname) || '.' || quote_ident(c.relname) AS identity,
    pg_get_userbyid(c.relowner) AS owner,
    obj_description(c.oid, 'pg_class') AS comment,
    CASE c.relpersistence WHEN 'p' THEN 'permanent' WHEN 'u' THEN 'unlogged' ELSE 'temporary' END AS persistence,
    e.extname AS extension,
    format_type(s.seqtypid, NULL) AS data_type,
    s.seqstart AS start_value,
    s.seqincrement AS increment,
    s.seqmin AS min_value,
    s.seqmax AS max_value,
    s.seqcache AS cache_size,
    s.seqcycle AS cycles,
    owned.by_column AS owned_by,
    owned.column_type,
    coalesce(owned.is_identity, false) AS is_identity,
    has_sequence_privilege(c.oid, 'SELECT') AS may_read,
    has_schema_privilege(n.oid, 'USAGE') AS may_use_schema,
    current_user AS role,
    quote_ident(current_user) AS quoted_role,
    quote_ident(n.nspname) AS quoted_schema,
    c.relacl IS NULL AS privileges_are_default,
    privileges.list AS privileges
FROM pg_class AS c
INNER JOIN pg_namespace AS n ON n.oid = c.relnamespace
INNER JOIN pg_sequence AS s ON s.seqrelid = c.oid
LEFT JOIN LATERAL (
    SELECT
        quote_ident(tn.nspname) || '.' || quote_ident(t.relname) || '.' || quote_ident(a.attname) AS by_column,
        format_type(a.atttypid, NULL) AS column_type,
        d.deptype = 'i' AS is_identity
    FROM pg_depend AS d
    INNER JOIN pg_class AS t ON t.oid = d.refobjid
    INNER JOIN pg_namespace AS tn ON tn.oid = t.relnamespace
    INNER JOIN pg_attribute AS a ON a.attrelid = t.oid AND a.attnum = d.refobjsubid
    WHERE
        d.classid = 'pg_class'::regclass
        AND d.objid = c.oid
        AND d.refclassid = 'pg_class'::regclass
        AND d.deptype IN ('a', 'i')
    LIMIT 1
) AS owned ON true
LEFT JOIN pg_depend AS member
    ON member.classid = 'pg_class'::regclass AND member.objid = c.oid AND member.objsubid = 0 AND member.deptype = 'e'
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
        FROM aclexplode(coalesce(c.relacl, acldefault('s', c.relowner))) AS x
        GROUP BY x.grantee, x.grantor
    ) AS g
) AS privileges
WHERE n.nspname = ANY(%(schemas)s::name[]) AND c.relname = ANY(%(names)s::name[])
ORDER BY array_position(%(schemas)s::name[], n.nspname), array_position(%(names)s::name[], c.relname)
LIMIT 1
