-- Who may do what in a schema, and what roles are granted on objects that are yet to be made there.
SELECT
    n.oid::bigint AS oid,
    quote_ident(n.nspname) AS identity,
    n.nspacl IS NULL AS privileges_are_default,
    privileges.list AS privileges,
    defaults.list AS default_privileges
FROM pg_namespace AS n
CROSS JOIN LATERAL (
    SELECT coalesce(json_agg(g ORDER BY g.grantee, g.grantor), '[]') AS list
    FROM (
        SELECT
            CASE WHEN x.grantee = 0 THEN 'PUBLIC' ELSE pg_get_userbyid(x.grantee) END AS grantee,
            pg_get_userbyid(x.grantor) AS grantor,
            array_agg(x.privilege_type ORDER BY x.privilege_type) AS privileges,
            coalesce(array_agg(x.privilege_type ORDER BY x.privilege_type) FILTER (WHERE x.is_grantable), '{}')
                AS grantable
        FROM aclexplode(coalesce(n.nspacl, acldefault('n', n.nspowner))) AS x
        GROUP BY x.grantee, x.grantor
    ) AS g
) AS privileges
CROSS JOIN LATERAL (
    SELECT coalesce(json_agg(g ORDER BY g.kind, g.made_by, g.grantee), '[]') AS list
    FROM (
        SELECT
            CASE a.defaclobjtype
                WHEN 'r' THEN 'tables'
                WHEN 'S' THEN 'sequences'
                WHEN 'f' THEN 'functions'
                WHEN 'T' THEN 'types'
                ELSE 'schemas'
            END AS kind,
            pg_get_userbyid(a.defaclrole) AS made_by,
            CASE WHEN x.grantee = 0 THEN 'PUBLIC' ELSE pg_get_userbyid(x.grantee) END AS grantee,
            array_agg(x.privilege_type ORDER BY x.privilege_type) AS privileges
        FROM pg_default_acl AS a
        CROSS JOIN LATERAL aclexplode(a.defaclacl) AS x
        WHERE a.defaclnamespace = n.oid
        GROUP BY a.defaclobjtype, a.defaclrole, x.grantee
    ) AS g
) AS defaults
WHERE n.nspname = %(name)s
