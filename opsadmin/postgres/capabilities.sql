-- What this server, this database and this role allow. One row.
SELECT
    current_setting('server_version_num')::int AS version_num,
    current_setting('server_version') AS version,
    current_database() AS database,
    current_user AS role,
    (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AS is_superuser,
    pg_is_in_recovery() AS in_recovery,
    current_setting('block_size')::int AS block_size,
    (SELECT stats_reset FROM pg_stat_database WHERE datname = current_database()) AS stats_reset,
    pg_postmaster_start_time() AS started_at,
    now() AS now,
    (
        SELECT coalesce(json_agg(rolname), '[]')
        FROM pg_roles
        WHERE rolname LIKE 'pg\_%' AND pg_has_role(current_user, oid, 'USAGE')
    ) AS roles,
    (
        SELECT coalesce(json_object_agg(e.extname, n.nspname), '{}')
        FROM pg_extension AS e
        INNER JOIN pg_namespace AS n ON n.oid = e.extnamespace
    ) AS extensions,
    -- What ANALYZE saw of a table is told to those who may read it.
    -- The first such table ends the search: there may be ten thousands of them.
    EXISTS (
        SELECT FROM pg_class AS c
        WHERE c.relkind IN ('r', 'm', 'p') AND c.oid >= 16384 AND has_table_privilege(c.oid, 'SELECT')
    ) OR NOT EXISTS (
        SELECT FROM pg_class AS c
        WHERE c.relkind IN ('r', 'm', 'p') AND c.oid >= 16384
    ) AS reads_tables,
    CASE
        WHEN current_setting('neon.project_id', true) IS NOT NULL
            OR current_setting('neon.timeline_id', true) IS NOT NULL
            OR current_setting('neon.branch_id', true) IS NOT NULL THEN 'Neon'
        WHEN current_setting('rds.extensions', true) IS NOT NULL THEN 'Amazon RDS'
        WHEN current_setting('cloudsql.iam_authentication', true) IS NOT NULL THEN 'Google Cloud SQL'
        WHEN current_setting('azure.extensions', true) IS NOT NULL THEN 'Azure'
        ELSE ''
    END AS host
