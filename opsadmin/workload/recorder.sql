-- Whether pg_stat_statements records here, and whether this role may read it. One row. Its settings exist only where its
-- library is loaded; shared_preload_libraries is shown to superusers and pg_read_all_settings alone.
SELECT
    current_database() AS database,
    current_user AS role,
    (SELECT x.default_version FROM pg_available_extensions AS x WHERE x.name = 'pg_stat_statements') AS available,
    e.extversion AS version,
    e.schema,
    coalesce(has_schema_privilege(e.namespace, 'USAGE'), false) AS may_use_schema,
    coalesce(has_function_privilege(f.reader, 'EXECUTE'), false) AS may_execute,
    f.info IS NOT NULL AND has_function_privilege(f.info, 'EXECUTE') AS has_info,
    (SELECT s.setting::int8 FROM pg_settings AS s WHERE s.name = 'pg_stat_statements.max') AS places,
    (SELECT s.setting FROM pg_settings AS s WHERE s.name = 'pg_stat_statements.track') AS track,
    (SELECT s.setting FROM pg_settings AS s WHERE s.name = 'compute_query_id') AS query_ids,
    (SELECT nullif(s.setting, '') FROM pg_settings AS s WHERE s.name = 'shared_preload_libraries') AS libraries,
    pg_has_role(current_user, 'pg_read_all_stats', 'USAGE') AS reads_all,
    pg_has_role(current_user, 'pg_read_all_settings', 'USAGE') AS reads_settings
FROM (SELECT 1 AS one) AS always
LEFT JOIN
    (
        SELECT
            x.extversion,
            n.oid AS namespace,
            n.nspname AS schema,
            x.oid
        FROM pg_extension AS x
        INNER JOIN pg_namespace AS n ON n.oid = x.extnamespace
        WHERE x.extname = 'pg_stat_statements'
    ) AS e
    ON true
LEFT JOIN LATERAL (
    SELECT
        min(p.oid) FILTER (WHERE p.proname = 'pg_stat_statements') AS reader,
        min(p.oid) FILTER (WHERE p.proname = 'pg_stat_statements_info') AS info
    FROM pg_depend AS d
    INNER JOIN pg_proc AS p ON p.oid = d.objid
    WHERE d.classid = 'pg_proc'::regclass AND d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid
        AND d.deptype = 'e'
) AS f ON true
