-- One table, view, materialized view or foreign table under one of several names, with what belongs to it in small
-- numbers. Takes no lock on it: what cannot be had without one is asked for by definitions.sql.
SELECT
    c.oid::bigint AS oid,
    c.reltype::bigint AS row_type,
    n.nspname AS schema_name,
    c.relname AS name,
    CASE c.relkind
        WHEN 'r' THEN 'table'
        WHEN 'p' THEN 'partitioned_table'
        WHEN 'f' THEN 'foreign_table'
        WHEN 'v' THEN 'view'
        WHEN 'm' THEN 'materialized_view'
    END AS kind,
    quote_ident(n.nspname) || '.' || quote_ident(c.relname) AS identity,
    pg_get_userbyid(c.relowner) AS owner,
    obj_description(c.oid, 'pg_class') AS comment,
    CASE c.relpersistence WHEN 'p' THEN 'permanent' WHEN 'u' THEN 'unlogged' ELSE 'temporary' END AS persistence,
    coalesce(ts.spcname, CASE WHEN c.relkind IN ('r', 'm', 'p') THEN 'database default' END) AS tablespace,
    am.amname AS access_method,
    coalesce(c.reloptions, '{}') AS options,
    coalesce(o.reloptions, '{}') AS toast_options,
    ot.oid::regtype::text AS of_type,
    e.extname AS extension,
    c.relrowsecurity AS row_security,
    c.relforcerowsecurity AS row_security_forced,
    CASE c.relreplident
        WHEN 'd' THEN 'primary key'
        WHEN 'n' THEN 'nothing'
        WHEN 'f' THEN 'full row'
        WHEN 'i' THEN 'index'
    END AS replica_identity,
    CASE WHEN c.relkind = 'm' THEN c.relispopulated END AS populated,
    CASE WHEN c.relkind IN ('r', 'm', 'f') THEN nullif(c.reltuples, -1)::bigint END AS rows,
    CASE WHEN c.relkind IN ('r', 'm') THEN c.relpages::bigint * current_setting('block_size')::bigint END
        AS estimated_bytes,
    CASE WHEN c.relfrozenxid <> '0' THEN age(c.relfrozenxid) END AS xid_age,
    CASE WHEN c.relminmxid <> '0' THEN mxid_age(c.relminmxid) END AS multixact_age,
    c.relhasindex AS has_indexes,
    c.relkind = 'p'
    OR c.relispartition
    OR c.relhassubclass
    OR EXISTS (SELECT FROM pg_inherits AS i WHERE i.inhrelid = c.oid) AS has_relatives,
    pg_get_expr(c.relpartbound, 0) AS bound,
    p.strategy,
    p.columns AS partition_columns,
    s.srvname AS server,
    coalesce(ft.ftoptions, '{}') AS foreign_options,
    c.relacl IS NULL AS privileges_are_default,
    current_user AS role,
    quote_ident(current_user) AS quoted_role,
    quote_ident(n.nspname) AS quoted_schema,
    has_table_privilege(c.oid, 'SELECT') OR has_any_column_privilege(c.oid, 'SELECT') AS may_read,
    has_schema_privilege(n.oid, 'USAGE') AS may_use_schema,
    (SELECT stats_reset FROM pg_stat_database WHERE datname = current_database()) AS counted_since,
    row_to_json(st) AS statistics,
    privileges.list AS privileges,
    triggers.list AS triggers,
    rules.list AS rules,
    policies.list AS policies,
    statistics_objects.list AS extended_statistics,
    publications.list AS publications
FROM pg_class AS c
INNER JOIN pg_namespace AS n ON n.oid = c.relnamespace
LEFT JOIN pg_tablespace AS ts ON ts.oid = c.reltablespace
LEFT JOIN pg_am AS am ON am.oid = c.relam
LEFT JOIN pg_class AS o ON o.oid = c.reltoastrelid AND c.reltoastrelid <> 0
LEFT JOIN pg_type AS ot ON ot.oid = c.reloftype AND c.reloftype <> 0
LEFT JOIN pg_depend AS member
    ON member.classid = 'pg_class'::regclass AND member.objid = c.oid AND member.objsubid = 0 AND member.deptype = 'e'
LEFT JOIN pg_extension AS e ON e.oid = member.refobjid
LEFT JOIN pg_foreign_table AS ft ON ft.ftrelid = c.oid
LEFT JOIN pg_foreign_server AS s ON s.oid = ft.ftserver
-- Joined to it, the view would count every table before it gave this one; OFFSET keeps the planner from joining it.
LEFT JOIN LATERAL (SELECT v.* FROM pg_stat_all_tables AS v WHERE v.relid = c.oid OFFSET 0) AS st ON true
LEFT JOIN LATERAL (
    SELECT
        CASE pt.partstrat WHEN 'r' THEN 'range' WHEN 'l' THEN 'list' WHEN 'h' THEN 'hash' END AS strategy,
        array_agg(coalesce(a.attname, '(expression)') ORDER BY k.place) AS columns
    FROM pg_partitioned_table AS pt
    CROSS JOIN LATERAL unnest(pt.partattrs::smallint []) WITH ORDINALITY AS k (attnum, place)
    LEFT JOIN pg_attribute AS a ON a.attrelid = pt.partrelid AND a.attnum = k.attnum
    WHERE pt.partrelid = c.oid
    GROUP BY pt.partstrat
) AS p ON c.relkind = 'p'
CROSS JOIN LATERAL (
    SELECT coalesce(json_agg(g ORDER BY g.grantee, g.grantor), '[]') AS list
    FROM (
        SELECT
            CASE WHEN x.grantee = 0 THEN 'PUBLIC' ELSE pg_get_userbyid(x.grantee) END AS grantee,
            pg_get_userbyid(x.grantor) AS grantor,
            array_agg(x.privilege_type ORDER BY x.privilege_type) AS privileges,
            coalesce(array_agg(x.privilege_type ORDER BY x.privilege_type) FILTER (WHERE x.is_grantable), '{}')
                AS grantable
        FROM aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) AS x
        GROUP BY x.grantee, x.grantor
    ) AS g
) AS privileges
CROSS JOIN LATERAL (
    SELECT coalesce(json_agg(g ORDER BY g.internal, g.name), '[]') AS list
    FROM (
        SELECT
            t.oid::bigint AS oid,
            t.tgname AS name,
            CASE t.tgenabled WHEN 'O' THEN 'enabled' WHEN 'D' THEN 'disabled' WHEN 'R' THEN 'replica' ELSE 'always' END
                AS state,
            CASE
                WHEN t.tgtype & 2 > 0 THEN 'BEFORE'
                WHEN t.tgtype & 64 > 0 THEN 'INSTEAD OF'
                ELSE 'AFTER'
            END AS timing,
            array_remove(ARRAY[
                CASE WHEN t.tgtype & 4 > 0 THEN 'INSERT' END,
                CASE WHEN t.tgtype & 16 > 0 THEN 'UPDATE' END,
                CASE WHEN t.tgtype & 8 > 0 THEN 'DELETE' END,
                CASE WHEN t.tgtype & 32 > 0 THEN 'TRUNCATE' END
            ], NULL) AS events,
            t.tgfoid::regprocedure::text AS function,
            t.tgisinternal AND (t.tgparentid = 0 OR t.tgconstraint <> 0) AS internal,
            -- A condition is written out with the table's columns, which takes a lock.
            CASE WHEN t.tgqual IS NULL THEN pg_get_triggerdef(t.oid) END AS definition,
            obj_description(t.oid, 'pg_trigger') AS comment
        FROM pg_trigger AS t
        -- The triggers of a foreign key are of interest where somebody switched them off. Before PostgreSQL 15 a
        -- partition's copy of a trigger counts as internal.
        WHERE t.tgrelid = c.oid
            AND (NOT t.tgisinternal OR t.tgenabled <> 'O' OR t.tgparentid <> 0 AND t.tgconstraint = 0)
    ) AS g
) AS triggers
CROSS JOIN LATERAL (
    SELECT coalesce(json_agg(g ORDER BY g.name), '[]') AS list
    FROM (
        SELECT
            w.oid::bigint AS oid,
            w.rulename AS name,
            CASE w.ev_type WHEN '1' THEN 'SELECT' WHEN '2' THEN 'UPDATE' WHEN '3' THEN 'INSERT' ELSE 'DELETE' END
                AS event,
            w.is_instead AS instead,
            CASE w.ev_enabled WHEN 'O' THEN 'enabled' WHEN 'D' THEN 'disabled' WHEN 'R' THEN 'replica' ELSE 'always' END
                AS state
        FROM pg_rewrite AS w
        WHERE w.ev_class = c.oid AND w.rulename <> '_RETURN'
    ) AS g
) AS rules
CROSS JOIN LATERAL (
    SELECT coalesce(json_agg(g ORDER BY g.name), '[]') AS list
    FROM (
        SELECT
            w.oid::bigint AS oid,
            w.polname AS name,
            w.polpermissive AS permissive,
            CASE w.polcmd
                WHEN 'r' THEN 'SELECT'
                WHEN 'a' THEN 'INSERT'
                WHEN 'w' THEN 'UPDATE'
                WHEN 'd' THEN 'DELETE'
                ELSE 'ALL'
            END AS command,
            ARRAY(
                SELECT CASE WHEN r.oid = 0 THEN 'PUBLIC' ELSE pg_get_userbyid(r.oid) END
                FROM unnest(w.polroles) AS r (oid)
            ) AS roles
        FROM pg_policy AS w
        WHERE w.polrelid = c.oid
    ) AS g
) AS policies
CROSS JOIN LATERAL (
    SELECT coalesce(json_agg(g ORDER BY g.name), '[]') AS list
    FROM (
        SELECT
            x.oid::bigint AS oid,
            quote_ident(xn.nspname) || '.' || quote_ident(x.stxname) AS name,
            ARRAY(
                SELECT CASE k.kind
                    WHEN 'd' THEN 'ndistinct'
                    WHEN 'f' THEN 'dependencies'
                    WHEN 'm' THEN 'mcv'
                    WHEN 'e' THEN 'expressions'
                END
                FROM unnest(x.stxkind) AS k (kind)
            ) AS kinds,
            ARRAY(
                SELECT a.attname
                FROM unnest(x.stxkeys::smallint []) AS k (attnum)
                INNER JOIN pg_attribute AS a ON a.attrelid = x.stxrelid AND a.attnum = k.attnum
            ) AS columns
        FROM pg_statistic_ext AS x
        INNER JOIN pg_namespace AS xn ON xn.oid = x.stxnamespace
        WHERE x.stxrelid = c.oid
    ) AS g
) AS statistics_objects
CROSS JOIN LATERAL (
    SELECT coalesce(json_agg(g ORDER BY g.name), '[]') AS list
    FROM (
        SELECT
            b.pubname AS name,
            CASE
                WHEN b.puballtables THEN 'all tables'
                WHEN bool_or(via.how = 'table') THEN 'table'
                WHEN bool_or(via.how = 'schema') THEN 'schema'
                ELSE 'partitioned parent'
            END AS how,
            array_remove(ARRAY[
                CASE WHEN b.pubinsert THEN 'insert' END,
                CASE WHEN b.pubupdate THEN 'update' END,
                CASE WHEN b.pubdelete THEN 'delete' END,
                CASE WHEN b.pubtruncate THEN 'truncate' END
            ], NULL) AS events
        FROM pg_publication AS b
        LEFT JOIN (
            SELECT pr.prpubid AS publication, CASE WHEN pr.prrelid = c.oid THEN 'table' ELSE 'parent' END AS how
            FROM pg_publication_rel AS pr
            WHERE
                pr.prrelid = c.oid
                OR c.relispartition AND pr.prrelid IN (SELECT relid FROM pg_partition_ancestors(c.oid))
            UNION ALL
            -- pg_publication_namespace is younger than the oldest server looked after; pg_depend knows it too.
            SELECT d.refobjid, 'schema'
            FROM pg_depend AS d
            INNER JOIN pg_depend AS d2 ON d2.classid = d.classid AND d2.objid = d.objid
            WHERE
                d.refclassid = 'pg_publication'::regclass
                AND d2.refclassid = 'pg_namespace'::regclass
                AND d2.refobjid = c.relnamespace
        ) AS via ON via.publication = b.oid
        WHERE
            (b.puballtables OR via.publication IS NOT NULL)
            AND c.relkind IN ('r', 'p')
            AND c.relpersistence = 'p'
            AND c.oid >= 16384
        GROUP BY b.oid, b.pubname, b.puballtables, b.pubinsert, b.pubupdate, b.pubdelete, b.pubtruncate
    ) AS g
) AS publications
WHERE
    n.nspname = ANY(%(schemas)s::name[])
    AND c.relname = ANY(%(names)s::name[])
    AND c.relkind = ANY(%(kinds)s::"char" [])
ORDER BY array_position(%(schemas)s::name[], n.nspname), array_position(%(names)s::name[], c.relname)
LIMIT 1
