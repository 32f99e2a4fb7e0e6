-- Relations of those names, and whether the name alone finds them by the search path.
SELECT
    c.oid::bigint AS oid,
    n.nspname::text AS schema,
    c.relname::text AS name,
    c.relkind::text AS kind,
    pg_table_is_visible(c.oid) AS is_visible
FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relname = ANY(%(names)s::text []) AND c.relkind IN ('r', 'p', 'm')
