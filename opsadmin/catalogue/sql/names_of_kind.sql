-- The names in a schema that an object of a kind might have been meant by: relations by their relkinds, functions by
-- their prokinds, types by their typtypes; for a kind that stands in no schema, extensions or schemas.
SELECT c.relname AS name
FROM pg_class AS c
WHERE
    c.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = %(schema)s)
    AND c.relkind = ANY(%(relations)s::"char" [])
UNION
SELECT f.proname
FROM pg_proc AS f
WHERE
    f.pronamespace = (SELECT oid FROM pg_namespace WHERE nspname = %(schema)s)
    AND f.prokind = ANY(%(routines)s::"char" [])
UNION
SELECT t.typname
FROM pg_type AS t
WHERE
    t.typnamespace = (SELECT oid FROM pg_namespace WHERE nspname = %(schema)s)
    AND t.typtype = ANY(%(types)s::"char" [])
    AND t.typname !~ '^_'
UNION
SELECT e.extname
FROM pg_extension AS e
WHERE %(kind)s = 'extension'
UNION
SELECT n.nspname
FROM pg_namespace AS n
WHERE %(kind)s = 'schema'
ORDER BY name
LIMIT 20000
