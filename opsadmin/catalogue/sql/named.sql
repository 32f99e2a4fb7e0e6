-- Everything in a schema under one of several names, whatever kind it is, and extensions wherever they are.
SELECT
    CASE c.relkind
        WHEN 'r' THEN 'table'
        WHEN 'p' THEN 'table'
        WHEN 'f' THEN 'foreign_table'
        WHEN 'v' THEN 'view'
        WHEN 'm' THEN 'materialized_view'
        WHEN 'i' THEN 'index'
        WHEN 'I' THEN 'index'
        WHEN 'S' THEN 'sequence'
        WHEN 'c' THEN 'type'
    END AS kind,
    n.nspname AS schema,
    c.relname AS name
FROM pg_class AS c
INNER JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relname = ANY(%(names)s::name[]) AND c.relkind <> 't'
UNION ALL
SELECT DISTINCT 'function', n.nspname, f.proname
FROM pg_proc AS f
INNER JOIN pg_namespace AS n ON n.oid = f.pronamespace
WHERE f.proname = ANY(%(names)s::name[])
UNION ALL
SELECT 'type', n.nspname, t.typname
FROM pg_type AS t
INNER JOIN pg_namespace AS n ON n.oid = t.typnamespace
WHERE t.typname = ANY(%(names)s::name[]) AND t.typrelid = 0
UNION ALL
SELECT 'extension', n.nspname, e.extname
FROM pg_extension AS e
INNER JOIN pg_namespace AS n ON n.oid = e.extnamespace
WHERE e.extname = ANY(%(names)s::name[])
UNION ALL
SELECT 'schema', n.nspname, n.nspname AS name
FROM pg_namespace AS n
WHERE n.nspname = ANY(%(names)s::name[])
