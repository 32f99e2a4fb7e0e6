-- One type under one of several names, with what its kind has: labels, constraints, bounds.
SELECT
    t.oid::bigint AS oid,
    t.typrelid::bigint AS relation,
    n.nspname AS schema_name,
    t.typname AS name,
    CASE t.typtype
        WHEN 'b' THEN 'base_type'
        WHEN 'c' THEN 'composite_type'
        WHEN 'd' THEN 'domain'
        WHEN 'e' THEN 'enum'
        WHEN 'r' THEN 'range_type'
        WHEN 'm' THEN 'multirange_type'
        ELSE 'pseudo_type'
    END AS kind,
    quote_ident(n.nspname) || '.' || quote_ident(t.typname) AS identity,
    pg_get_userbyid(t.typowner) AS owner,
    obj_description(t.oid, 'pg_type') AS comment,
    e.extname AS extension,
    nullif(t.typlen, -1)::int AS length_bytes,
    CASE t.typstorage WHEN 'p' THEN 'plain' WHEN 'e' THEN 'external' WHEN 'm' THEN 'main' ELSE 'extended' END
        AS storage,
    format_type(nullif(t.typelem, 0), NULL) AS element_type,
    format_type(nullif(t.typarray, 0), NULL) AS array_type,
    CASE WHEN co.collname <> 'default' THEN quote_ident(cn.nspname) || '.' || quote_ident(co.collname) END AS collation,
    CASE WHEN t.typtype = 'd' THEN format_type(t.typbasetype, t.typtypmod) END AS base_type,
    CASE WHEN t.typtype = 'd' THEN t.typnotnull END AS not_null,
    CASE WHEN t.typtype = 'd' THEN t.typdefault END AS "default",
    CASE WHEN t.typtype = 'b' THEN t.typinput::regprocedure::text END AS input_function,
    CASE WHEN t.typtype = 'b' THEN t.typoutput::regprocedure::text END AS output_function,
    format_type(r.rngsubtype, NULL) AS subtype,
    CASE t.typtype WHEN 'r' THEN format_type(r.rngmultitypid, NULL) WHEN 'm' THEN format_type(r.rngtypid, NULL) END
        AS partner_type,
    quote_ident(oc.opcname) AS operator_class,
    nullif(r.rngcanonical, 0)::regproc::text AS canonical_function,
    nullif(r.rngsubdiff, 0)::regproc::text AS difference_function,
    ARRAY(SELECT l.enumlabel FROM pg_enum AS l WHERE l.enumtypid = t.oid ORDER BY l.enumsortorder) AS labels,
    ARRAY(SELECT quote_literal(l.enumlabel) FROM pg_enum AS l WHERE l.enumtypid = t.oid ORDER BY l.enumsortorder)
        AS quoted_labels,
    t.typacl IS NULL AS privileges_are_default,
    constraints.list AS constraints,
    privileges.list AS privileges
FROM pg_type AS t
INNER JOIN pg_namespace AS n ON n.oid = t.typnamespace
LEFT JOIN pg_class AS c ON c.oid = t.typrelid
LEFT JOIN pg_range AS r
    ON r.rngtypid = t.oid AND t.typtype = 'r' OR r.rngmultitypid = t.oid AND t.typtype = 'm'
LEFT JOIN pg_opclass AS oc ON oc.oid = r.rngsubopc
LEFT JOIN pg_collation AS co ON co.oid = coalesce(r.rngcollation, t.typcollation)
LEFT JOIN pg_namespace AS cn ON cn.oid = co.collnamespace
LEFT JOIN pg_depend AS member
    ON member.classid = 'pg_type'::regclass AND member.objid = t.oid AND member.objsubid = 0 AND member.deptype = 'e'
LEFT JOIN pg_extension AS e ON e.oid = member.refobjid
CROSS JOIN LATERAL (
    SELECT coalesce(json_agg(g ORDER BY g.name), '[]') AS list
    FROM (
        SELECT
            k.conname AS name,
            quote_ident(k.conname) AS quoted_name,
            CASE k.contype WHEN 'n' THEN 'not null' ELSE 'check' END AS kind,
            pg_get_constraintdef(k.oid) AS definition,
            k.convalidated AS validated,
            obj_description(k.oid, 'pg_constraint') AS comment
        FROM pg_constraint AS k
        WHERE k.contypid = t.oid
    ) AS g
) AS constraints
CROSS JOIN LATERAL (
    SELECT coalesce(json_agg(g ORDER BY g.grantee, g.grantor), '[]') AS list
    FROM (
        SELECT
            CASE WHEN x.grantee = 0 THEN 'PUBLIC' ELSE pg_get_userbyid(x.grantee) END AS grantee,
            pg_get_userbyid(x.grantor) AS grantor,
            array_agg(x.privilege_type ORDER BY x.privilege_type) AS privileges,
            coalesce(array_agg(x.privilege_type ORDER BY x.privilege_type) FILTER (WHERE x.is_grantable), '{}')
                AS grantable
        FROM aclexplode(coalesce(t.typacl, acldefault('T', t.typowner))) AS x
        GROUP BY x.grantee, x.grantor
    ) AS g
) AS privileges
WHERE
    n.nspname = ANY(%(schemas)s::name[])
    AND t.typname = ANY(%(names)s::name[])
    AND t.typtype = ANY(%(kinds)s::"char" [])
    AND (t.typrelid = 0 OR c.relkind = 'c')
ORDER BY array_position(%(schemas)s::name[], n.nspname), array_position(%(names)s::name[], t.typname)
LIMIT 1
