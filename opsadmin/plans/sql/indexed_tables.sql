-- A table that may carry an index, by its names, the columns with it: of the likeliest schema first.
SELECT
    c.oid::bigint AS oid,
    n.nspname AS schema_name,
    c.relname AS name,
    quote_ident(n.nspname) || '.' || quote_ident(c.relname) AS identity,
    c.relkind AS kind,
    (
        SELECT coalesce(json_agg(a.attname ORDER BY a.attnum), '[]')
        FROM pg_attribute AS a
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    ) AS columns
FROM pg_class AS c
INNER JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE
    c.relname = ANY(%(names)s::name [])
    AND c.relkind IN ('r', 'm', 'p', 'v', 'f')
    AND (
        n.nspname = ANY(%(schemas)s::name [])
        OR (%(schemas)s::name [] = '{}' AND n.nspname = ANY(%(path)s::name []))
    )
ORDER BY
    array_position(%(schemas)s::name [], n.nspname),
    array_position(%(path)s::name [], n.nspname),
    array_position(%(names)s::name [], c.relname)
