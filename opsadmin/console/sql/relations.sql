-- Relations that a statement mentions, with the partitions and children that stand behind them, and what is planned or
-- run along with them.
WITH RECURSIVE
below (oid) AS (
    SELECT unnest(%(relations)s::oid [])
    UNION
    SELECT i.inhrelid FROM below AS b INNER JOIN pg_inherits AS i ON i.inhparent = b.oid
)
SELECT
    c.oid::int8 AS oid,
    n.nspname::text AS schema,
    c.relname::text AS name,
    c.relkind::text AS kind,
    CASE WHEN c.oid < 16384 THEN (
        SELECT json_object_agg(a.attnum, a.attname) FROM pg_attribute AS a WHERE a.attrelid = c.oid AND a.attnum > 0
    ) END AS columns,
    CASE WHEN c.oid >= 16384 THEN ARRAY(
        SELECT i.indexprs::text FROM pg_index AS i WHERE i.indrelid = c.oid AND i.indexprs IS NOT NULL
        UNION ALL
        SELECT i.indpred::text FROM pg_index AS i WHERE i.indrelid = c.oid AND i.indpred IS NOT NULL
        UNION ALL
        SELECT p.partexprs::text FROM pg_partitioned_table AS p WHERE p.partrelid = c.oid AND p.partexprs IS NOT NULL
        UNION ALL
        SELECT s.stxexprs::text FROM pg_statistic_ext AS s WHERE s.stxrelid = c.oid AND s.stxexprs IS NOT NULL
        UNION ALL
        SELECT k.conbin::text FROM pg_constraint AS k WHERE k.conrelid = c.oid AND k.contype = 'c'
        UNION ALL
        SELECT p.polqual::text FROM pg_policy AS p WHERE p.polrelid = c.oid AND p.polqual IS NOT NULL
        UNION ALL
        SELECT r.ev_action::text FROM pg_rewrite AS r WHERE r.ev_class = c.oid AND c.relkind = 'v' AND r.ev_type = '1'
    ) ELSE '{}' END AS trees,
    -- What is stored there, as last counted, without a lock.
    quote_ident(n.nspname) || '.' || quote_ident(c.relname) AS identity,
    greatest(c.reltuples, 0)::float8 AS rows,
    c.relpages::bigint * current_setting('block_size')::int AS bytes,
    c.reltuples < 0 AND c.relkind IN ('r', 'm') AND n.nspname <> 'pg_catalog' AS never_analyzed
FROM below AS b
INNER JOIN pg_class AS c ON c.oid = b.oid
INNER JOIN pg_namespace AS n ON n.oid = c.relnamespace
