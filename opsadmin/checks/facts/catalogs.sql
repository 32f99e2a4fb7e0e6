-- The system catalogs, with their counters.
SELECT
    c.oid,
    format('%I.%I', n.nspname, c.relname) AS object,
    greatest(pg_stat_get_live_tuples(c.oid), 0) AS live,
    greatest(pg_stat_get_dead_tuples(c.oid), 0) AS dead
FROM pg_class AS c
INNER JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = 'pg_catalog' AND c.relkind = 'r'
