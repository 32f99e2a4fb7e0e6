-- A relation that has rows, under one of several names.
SELECT n.nspname AS schema_name, c.relname AS name
FROM pg_class AS c
INNER JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE
    n.nspname = ANY(%(schemas)s::name[])
    AND c.relname = ANY(%(names)s::name[])
    AND c.relkind IN ('r', 'p', 'm', 'v', 'f')
ORDER BY array_position(%(schemas)s::name[], n.nspname), array_position(%(names)s::name[], c.relname)
LIMIT 1
