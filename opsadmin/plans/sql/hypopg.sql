-- HypoPG: where it is, which version, and whether the server has it at hand.
SELECT
    (SELECT e.extversion FROM pg_extension AS e WHERE e.extname = 'hypopg') AS version,
    (
        SELECT quote_ident(n.nspname)
        FROM pg_extension AS e
        INNER JOIN pg_namespace AS n ON n.oid = e.extnamespace
        WHERE e.extname = 'hypopg'
    ) AS schema_name,
    EXISTS (SELECT FROM pg_available_extensions AS a WHERE a.name = 'hypopg') AS available,
    EXISTS (
        SELECT
        FROM pg_proc AS f
        INNER JOIN pg_depend AS d
            ON d.classid = 'pg_proc'::regclass AND d.objid = f.oid AND d.refclassid = 'pg_extension'::regclass
        INNER JOIN pg_extension AS e ON e.oid = d.refobjid
        WHERE e.extname = 'hypopg' AND f.proname = 'hypopg_hide_index'
    ) AS hides,
    current_database() AS database,
    current_setting('server_version_num')::int / 10000 AS major
