-- The relations of the statements, with what a copy of each is made of. Whoever read the statements holds a lock on them.
SELECT
    c.oid::bigint AS oid,
    n.nspname::text AS schema,
    c.relname::text AS name,
    format('%%I.%%I', n.nspname, c.relname) AS identity,
    c.relkind::text AS kind,
    c.relrowsecurity AS has_policies,
    c.relpersistence = 't' AS is_temporary,
    EXISTS (SELECT FROM pg_inherits AS i WHERE i.inhparent = c.oid) AS has_children,
    pg_has_role(c.relowner, 'USAGE') AS is_owner,
    has_schema_privilege(n.oid, 'CREATE') AS may_create,
    has_table_privilege(c.oid, 'SELECT') AS may_read,
    o.rolname::text AS owner,
    current_user::text AS role,
    CASE WHEN c.relkind IN ('r', 'm', 't') THEN pg_table_size(c.oid) ELSE 0 END AS bytes,
    CASE WHEN c.relkind IN ('r', 'm', 't') THEN pg_indexes_size(c.oid) ELSE 0 END AS index_bytes,
    coalesce((SELECT p.option_value FROM pg_options_to_table(c.reloptions) AS p WHERE p.option_name = 'fillfactor'), '')
        AS fillfactor,
    array(
        SELECT json_build_object(
            'name', a.attname,
            'type', format_type(a.atttypid, a.atttypmod),
            'collation', CASE WHEN a.attcollation <> t.typcollation THEN (
                SELECT format('%%I.%%I', u.nspname, k.collname)
                FROM pg_collation AS k
                JOIN pg_namespace AS u ON u.oid = k.collnamespace
                WHERE k.oid = a.attcollation
            ) END,
            'not_null', a.attnotnull,
            'storage', CASE WHEN a.attstorage <> t.typstorage THEN a.attstorage END,
            'target', nullif(to_jsonb(a) ->> 'attstattarget', '-1'),
            'is_binary', t.typsend <> 0 AND t.typreceive <> 0 AND t.typcategory NOT IN ('A', 'C')
        )
        FROM pg_attribute AS a
        JOIN pg_type AS t ON t.oid = a.atttypid
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        ORDER BY a.attnum
    ) AS columns,
    CASE WHEN c.relkind IN ('r', 'm') THEN array(
        SELECT json_build_object('name', x.relname, 'ddl', pg_get_indexdef(i.indexrelid), 'is_primary', i.indisprimary)
        FROM pg_index AS i
        JOIN pg_class AS x ON x.oid = i.indexrelid
        WHERE i.indrelid = c.oid AND i.indisvalid AND i.indisready
        ORDER BY i.indexrelid
    ) ELSE '{}' END AS indexes,
    CASE WHEN c.relkind IN ('r', 'm') THEN array(
        SELECT pg_get_statisticsobjdef(s.oid) FROM pg_statistic_ext AS s WHERE s.stxrelid = c.oid ORDER BY s.oid
    ) ELSE '{}' END AS statistics
FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_roles AS o ON o.oid = c.relowner
WHERE c.oid = ANY(%(relations)s::oid []) AND c.oid >= 16384
ORDER BY c.oid
