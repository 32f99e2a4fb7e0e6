-- An index by its names, of the likeliest schema first.
SELECT
    c.oid::bigint AS oid,
    c.relname::text AS name,
    n.nspname::text AS schema_name,
    quote_ident(n.nspname) || '.' || quote_ident(c.relname) AS identity,
    i.indrelid::bigint AS table_oid,
    quote_ident(tn.nspname) || '.' || quote_ident(t.relname) AS table_identity,
    t.relkind::text AS table_kind,
    pg_get_userbyid(c.relowner)::text AS owner,
    pg_has_role(c.relowner, 'USAGE') AS is_owner,
    current_user::text AS role,
    pg_is_in_recovery() AS is_standby,
    n.nspname IN ('pg_catalog', 'pg_toast', 'information_schema') AS is_system,
    i.indisvalid AS is_valid,
    i.indisexclusion AS is_exclusion,
    k.conname::text AS constraint_name,
    c.relpages::bigint * current_setting('block_size')::bigint AS bytes,
    coalesce(s.idx_scan, 0) AS scans,
    (SELECT d.stats_reset FROM pg_stat_database AS d WHERE d.datname = current_database()) AS counted_since,
    EXISTS (
        SELECT FROM pg_stat_progress_create_index AS p
        WHERE p.index_relid = c.oid AND p.datname = current_database()
    ) AS is_being_built
FROM pg_index AS i
INNER JOIN pg_class AS c ON c.oid = i.indexrelid
INNER JOIN pg_namespace AS n ON n.oid = c.relnamespace
INNER JOIN pg_class AS t ON t.oid = i.indrelid
INNER JOIN pg_namespace AS tn ON tn.oid = t.relnamespace
LEFT JOIN pg_constraint AS k ON k.conindid = c.oid AND k.contype IN ('p', 'u', 'x')
LEFT JOIN pg_stat_all_indexes AS s ON s.indexrelid = c.oid
WHERE
    c.relname = ANY(%(names)s::name [])
    AND n.nspname = ANY(%(schemas)s::name [])
ORDER BY
    array_position(%(schemas)s::name [], n.nspname),
    array_position(%(names)s::name [], c.relname)
LIMIT 1
