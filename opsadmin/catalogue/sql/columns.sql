-- The columns of a relation or a composite type, with what the planner knows of them where our role may read them.
-- Takes no lock: a default names no column, so it is written out without the table; a generated column's expression
-- does, and is asked for by definitions.sql.
SELECT
    a.attnum::int AS position,
    a.attname AS name,
    quote_ident(a.attname) AS quoted_name,
    format_type(a.atttypid, a.atttypmod) AS type,
    NOT a.attnotnull AS nullable,
    CASE WHEN a.attgenerated = '' THEN pg_get_expr(d.adbin, 0) END AS "default",
    CASE a.attidentity WHEN 'a' THEN 'always' WHEN 'd' THEN 'by default' END AS identity,
    CASE a.attgenerated WHEN 's' THEN 'stored' WHEN 'v' THEN 'virtual' END AS generated,
    owned.sequence,
    CASE WHEN a.attcollation <> t.typcollation THEN quote_ident(cn.nspname) || '.' || quote_ident(co.collname) END
        AS collation,
    CASE a.attstorage WHEN 'p' THEN 'plain' WHEN 'e' THEN 'external' WHEN 'm' THEN 'main' WHEN 'x' THEN 'extended' END
        AS storage,
    CASE a.attcompression WHEN 'p' THEN 'pglz' WHEN 'l' THEN 'lz4' END AS compression,
    nullif(a.attstattarget, -1)::int AS statistics_target,
    coalesce(a.attoptions, '{}') AS options,
    coalesce(a.attfdwoptions, '{}') AS foreign_options,
    a.attislocal AS is_local,
    a.attinhcount > 0 AS inherited,
    col_description(a.attrelid, a.attnum) AS comment,
    s.null_frac AS null_fraction,
    s.n_distinct,
    s.avg_width AS average_bytes,
    s.correlation,
    g.list AS privileges
FROM pg_attribute AS a
INNER JOIN pg_type AS t ON t.oid = a.atttypid
LEFT JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
LEFT JOIN pg_collation AS co ON co.oid = a.attcollation
LEFT JOIN pg_namespace AS cn ON cn.oid = co.collnamespace
LEFT JOIN LATERAL (
    SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname) AS sequence
    FROM pg_depend AS o
    INNER JOIN pg_class AS c ON c.oid = o.objid AND c.relkind = 'S'
    INNER JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE
        o.classid = 'pg_class'::regclass
        AND o.refclassid = 'pg_class'::regclass
        AND o.refobjid = a.attrelid
        AND o.refobjsubid = a.attnum
        AND o.deptype IN ('a', 'i')
    LIMIT 1
) AS owned ON true
LEFT JOIN (
    SELECT DISTINCT ON (attname) attname, null_frac, n_distinct, avg_width, correlation
    FROM pg_stats
    WHERE schemaname = %(schema)s AND tablename = %(name)s
    ORDER BY attname, inherited
) AS s ON s.attname = a.attname
CROSS JOIN LATERAL (
    SELECT coalesce(json_agg(g ORDER BY g.grantee, g.grantor), '[]') AS list
    FROM (
        SELECT
            CASE WHEN x.grantee = 0 THEN 'PUBLIC' ELSE pg_get_userbyid(x.grantee) END AS grantee,
            pg_get_userbyid(x.grantor) AS grantor,
            array_agg(x.privilege_type ORDER BY x.privilege_type) AS privileges,
            coalesce(array_agg(x.privilege_type ORDER BY x.privilege_type) FILTER (WHERE x.is_grantable), '{}')
                AS grantable
        FROM aclexplode(a.attacl) AS x
        GROUP BY x.grantee, x.grantor
    ) AS g
) AS g
WHERE a.attrelid = %(oid)s AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attnum
