-- What the database has of the store's tables: one statement, one snapshot, one row of JSON.
-- Everything comes from catalogs that every role may read. pg_get_expr and pg_get_indexdef may wait for a table
-- under ACCESS EXCLUSIVE: there are few tables, and the caller has set lock_timeout.
WITH home AS (
    SELECT namespace.oid, namespace.nspname, namespace.nspowner
    FROM pg_catalog.pg_namespace AS namespace
    WHERE namespace.nspname = %(schema)s
),
relations AS (
    SELECT class.oid, class.relname, class.relkind, class.relowner, class.relpersistence, class.relrowsecurity
    FROM pg_catalog.pg_class AS class
    JOIN home ON home.oid = class.relnamespace
    WHERE class.relname = ANY(%(tables)s)
),
dashboard AS (
    SELECT role.oid FROM pg_catalog.pg_roles AS role WHERE role.rolname = %(dashboard_role)s
)
SELECT pg_catalog.jsonb_build_object(
    'server_version', pg_catalog.current_setting('server_version_num')::integer,
    'read_only', pg_catalog.pg_is_in_recovery(),
    'role', current_user,
    'schema', (
        SELECT pg_catalog.jsonb_build_object(
            'owner', pg_catalog.pg_get_userbyid(home.nspowner),
            'usage', pg_catalog.has_schema_privilege(home.oid, 'USAGE'),
            'create', pg_catalog.has_schema_privilege(home.oid, 'CREATE'),
            'position', pg_catalog.array_position(pg_catalog.current_schemas(false), home.nspname))
        FROM home
    ),
    'tables', (
        SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
            'name', relations.relname,
            'kind', relations.relkind,
            'owner', pg_catalog.pg_get_userbyid(relations.relowner),
            'unlogged', relations.relpersistence = 'u',
            'row_security', relations.relrowsecurity,
            'owned', pg_catalog.pg_has_role(relations.relowner, 'USAGE'),
            'privileges', (
                SELECT coalesce(pg_catalog.jsonb_agg(privilege.name ORDER BY privilege.name), '[]')
                FROM pg_catalog.unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) AS privilege (name)
                WHERE pg_catalog.has_table_privilege(relations.oid, privilege.name)),
            'dashboard_owned', (
                SELECT pg_catalog.pg_has_role(dashboard.oid, relations.relowner, 'USAGE') FROM dashboard)))
        FROM relations
    ),
    'columns', (
        SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
            'table', relations.relname,
            'name', attribute.attname,
            'type', pg_catalog.format_type(attribute.atttypid, attribute.atttypmod),
            'default', CASE WHEN attribute.attgenerated = ''
                THEN pg_catalog.pg_get_expr(stored.adbin, stored.adrelid) END,
            'not_null', attribute.attnotnull,
            'identity', attribute.attidentity,
            'generated', attribute.attgenerated <> '') ORDER BY attribute.attnum)
        FROM relations
        JOIN pg_catalog.pg_attribute AS attribute
            ON attribute.attrelid = relations.oid AND attribute.attnum > 0 AND NOT attribute.attisdropped
        LEFT JOIN pg_catalog.pg_attrdef AS stored
            ON stored.adrelid = attribute.attrelid AND stored.adnum = attribute.attnum
        WHERE relations.relkind IN ('r', 'p')
    ),
    'indexes', (
        SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
            'table', relations.relname,
            'name', class.relname,
            -- What follows "ON table": the beginning is taken off by its exact text, names may hold anything.
            'definition', pg_catalog.substr(
                pg_catalog.pg_get_indexdef(class.oid),
                1 + pg_catalog.length(pg_catalog.format(
                    'CREATE %%sINDEX %%I ON %%s%%I.%%I ', CASE WHEN indexed.indisunique THEN 'UNIQUE ' END,
                    class.relname, CASE WHEN class.relkind = 'I' THEN 'ONLY ' END, home.nspname, relations.relname))),
            'columns', (
                SELECT coalesce(pg_catalog.jsonb_agg(attribute.attname ORDER BY key.position), '[]')
                FROM pg_catalog.unnest(indexed.indkey::smallint[]) WITH ORDINALITY AS key (number, position)
                JOIN pg_catalog.pg_attribute AS attribute
                    ON attribute.attrelid = relations.oid AND attribute.attnum = key.number
                WHERE key.position <= indexed.indnkeyatts),
            'unique', indexed.indisunique,
            'primary', indexed.indisprimary,
            'valid', indexed.indisvalid AND indexed.indisready,
            'deferrable', NOT indexed.indimmediate,
            'constraint', EXISTS (
                SELECT FROM pg_catalog.pg_constraint
                WHERE pg_constraint.conindid = class.oid AND pg_constraint.contype IN ('p', 'u', 'x')))
            ORDER BY class.relname)
        FROM relations
        CROSS JOIN home
        JOIN pg_catalog.pg_index AS indexed ON indexed.indrelid = relations.oid
        JOIN pg_catalog.pg_class AS class ON class.oid = indexed.indexrelid
    ),
    'constraints', (
        SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
            'table', relations.relname,
            'name', pg_constraint.conname,
            'kind', pg_constraint.contype) ORDER BY pg_constraint.conname)
        FROM relations
        JOIN pg_catalog.pg_constraint ON pg_constraint.conrelid = relations.oid
        WHERE pg_constraint.contype IN ('c', 'f', 'x')
    ),
    'triggers', (
        SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
            'table', relations.relname,
            'name', pg_trigger.tgname,
            'enabled', pg_trigger.tgenabled = 'O',
            -- tgtype is a set of bits: 1 row, 2 before, 4 insert, 8 delete, 16 update, 32 truncate, 64 instead of
            'timing', CASE WHEN pg_trigger.tgtype & 2 > 0 THEN 'BEFORE ' ELSE 'AFTER ' END
                || pg_catalog.concat_ws(
                    ' OR ',
                    CASE WHEN pg_trigger.tgtype & 4 > 0 THEN 'INSERT' END,
                    CASE WHEN pg_trigger.tgtype & 8 > 0 THEN 'DELETE' END,
                    CASE WHEN pg_trigger.tgtype & 16 > 0 THEN 'UPDATE' END,
                    CASE WHEN pg_trigger.tgtype & 32 > 0 THEN 'TRUNCATE' END),
            'plain', pg_trigger.tgtype & 1 > 0 AND pg_trigger.tgqual IS NULL
                AND pg_catalog.cardinality(pg_trigger.tgattr::smallint[]) = 0
                AND pg_trigger.tgnargs = 0,
            'function', pg_proc.proname,
            'here', pg_proc.pronamespace = home.oid) ORDER BY pg_trigger.tgname)
        FROM relations
        CROSS JOIN home
        JOIN pg_catalog.pg_trigger ON pg_trigger.tgrelid = relations.oid AND NOT pg_trigger.tgisinternal
        JOIN pg_catalog.pg_proc ON pg_proc.oid = pg_trigger.tgfoid
    ),
    'functions', (
        SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
            'name', pg_proc.proname,
            'source', pg_proc.prosrc,
            'plain', pg_proc.prosecdef AND pg_language.lanname = 'plpgsql'
                AND pg_proc.proconfig = ARRAY['search_path=pg_catalog, pg_temp'],
            'public', pg_catalog.has_function_privilege('public', pg_proc.oid, 'EXECUTE'),
            'owner', pg_catalog.pg_get_userbyid(pg_proc.proowner),
            'owner_may_keep', (
                SELECT pg_catalog.bool_and(pg_catalog.has_table_privilege(pg_proc.proowner, relations.oid, needed.name))
                FROM relations, pg_catalog.unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) AS needed (name)
                WHERE relations.relname IN ('json_store_revision', 'json_store_host'))))
        FROM pg_catalog.pg_proc
        JOIN home ON home.oid = pg_proc.pronamespace
        JOIN pg_catalog.pg_language ON pg_language.oid = pg_proc.prolang
        WHERE pg_proc.proname = ANY(%(functions)s) AND pg_proc.pronargs = 0
    ),
    'elsewhere', (
        SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
            'schema', namespace.nspname,
            'name', class.relname,
            'position', pg_catalog.array_position(pg_catalog.current_schemas(false), namespace.nspname))
            ORDER BY namespace.nspname, class.relname)
        FROM pg_catalog.pg_class AS class
        JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = class.relnamespace
        WHERE class.relname = ANY(%(tables)s)
            AND class.relkind IN ('r', 'p', 'v', 'm', 'f')
            AND namespace.nspname <> %(schema)s
            AND namespace.nspname !~ '^(pg_|information_schema$)'
    ),
    'taken', (
        SELECT pg_catalog.jsonb_object_agg(class.relname, coalesce(indexed.indrelid::regclass::text, ''))
        FROM pg_catalog.pg_class AS class
        JOIN home ON home.oid = class.relnamespace
        LEFT JOIN pg_catalog.pg_index AS indexed ON indexed.indexrelid = class.oid
        WHERE class.relname = ANY(%(indexes)s)
            AND (indexed.indrelid IS NULL OR indexed.indrelid NOT IN (SELECT relations.oid FROM relations))
    ),
    'dashboard', (
        SELECT pg_catalog.jsonb_build_object(
            'usage', pg_catalog.has_schema_privilege(dashboard.oid, home.oid, 'USAGE'),
            'create', pg_catalog.has_schema_privilege(dashboard.oid, home.oid, 'CREATE'))
        FROM dashboard CROSS JOIN home
    )
)::text
-- So that it is not taken for a statement of the dashboard.
/* opsadmin */
