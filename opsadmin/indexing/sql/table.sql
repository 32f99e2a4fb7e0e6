-- The table that an index is for, and what may not be.
SELECT
    c.oid::bigint AS oid,
    n.nspname::text AS schema_name,
    c.relname::text AS name,
    quote_ident(n.nspname) || '.' || quote_ident(c.relname) AS identity,
    c.relkind::text AS kind,
    c.relpersistence::text AS persistence,
    c.relpages::bigint * current_setting('block_size')::bigint AS bytes,
    greatest(c.reltuples, 0)::float8 AS rows,
    pg_get_userbyid(c.relowner)::text AS owner,
    pg_has_role(c.relowner, 'USAGE') AS is_owner,
    current_user::text AS role,
    pg_is_in_recovery() AS is_standby,
    has_database_privilege(current_database(), 'TEMP') AS may_try,
    has_schema_privilege(n.oid, 'CREATE') AS may_create,
    n.nspname IN ('pg_catalog', 'pg_toast', 'information_schema') AS is_system
FROM pg_class AS c
INNER JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.oid = to_regclass(%(table)s)
