-- One extension under one of several names, wherever its objects are, and what the server has to offer in its place.
SELECT
    x.oid::bigint AS oid,
    n.nspname AS schema_name,
    x.extname AS name,
    quote_ident(x.extname) AS identity,
    pg_get_userbyid(x.extowner) AS owner,
    obj_description(x.oid, 'pg_extension') AS comment,
    x.extversion AS version,
    a.default_version AS available_version,
    x.extrelocatable AS relocatable,
    ARRAY(
        SELECT p.target
        FROM pg_extension_update_paths(x.extname) AS p
        WHERE p.source = x.extversion AND p.path IS NOT NULL
        ORDER BY p.target
    ) AS updates_to,
    ARRAY(
        SELECT quote_ident(cn.nspname) || '.' || quote_ident(c.relname)
        FROM unnest(x.extconfig) AS u (oid)
        INNER JOIN pg_class AS c ON c.oid = u.oid
        INNER JOIN pg_namespace AS cn ON cn.oid = c.relnamespace
    ) AS configuration_tables
FROM pg_extension AS x
INNER JOIN pg_namespace AS n ON n.oid = x.extnamespace
LEFT JOIN pg_available_extensions() AS a ON a.name = x.extname
WHERE x.extname = ANY(%(names)s::name[])
ORDER BY array_position(%(names)s::name[], x.extname)
LIMIT 1
