-- The indexes of one name, or all for names like one that is not there.
SELECT
    c.oid::bigint AS oid,
    quote_ident(n.nspname) || '.' || quote_ident(c.relname) AS identity,
    CASE WHEN n.nspname = ANY(%(path)s::name []) THEN c.relname ELSE n.nspname || '.' || c.relname END AS name
FROM pg_class AS c
INNER JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE
    c.relkind IN ('i', 'I')
    AND n.nspname !~ '^pg_toast'
    AND (
        %(names)s::name [] = '{}'
        OR (
            c.relname = ANY(%(names)s::name [])
            AND (n.nspname = ANY(%(schemas)s::name []) OR (%(schemas)s::name [] = '{}' AND n.nspname = ANY(%(path)s::name [])))
        )
    )
ORDER BY
    array_position(%(path)s::name [], n.nspname),
    array_position(%(names)s::name [], c.relname),
    name
LIMIT 20000
