-- The relations of this database that its people made: no system catalogs, no temporary ones, none that an extension
-- brought. `bytes` is what the last VACUUM or ANALYZE saw: asking for the true size would wait behind a locked table.
SELECT
    c.oid,
    c.relkind AS kind,
    n.nspname AS schema,
    c.relname AS name,
    format('%I.%I', n.nspname, c.relname) AS object,
    c.relowner AS owner,
    c.relam AS access_method,
    c.relpersistence AS persistence,
    c.relispartition AS is_partition,
    c.relhassubclass AS has_children,
    c.relpages::int8 * current_setting('block_size')::int8 AS bytes,
    c.relpages::int8 AS pages,
    c.reltuples::float8 AS rows_at_analyze,
    c.reloptions AS options,
    c.reltoastrelid AS toast,
    c.relfrozenxid AS frozenxid,
    c.relminmxid AS minmxid,
    c.relrowsecurity AS has_rls,
    c.relreplident AS replica_identity,
    c.relacl AS acl
FROM pg_class AS c
INNER JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relpersistence <> 't'
    -- NOT IN: the planner counts on half of the rows, where a join by name would make it count on none.
    AND c.relnamespace NOT IN (
        SELECT s.oid
        FROM pg_namespace AS s
        WHERE s.nspname IN ('pg_catalog', 'information_schema', 'pg_toast')
            OR s.nspname LIKE 'pg\_temp\_%' OR s.nspname LIKE 'pg\_toast\_temp\_%'
    )
    AND c.oid NOT IN (SELECT d.objid FROM pg_depend AS d WHERE d.classid = 1259 AND d.deptype = 'e')
