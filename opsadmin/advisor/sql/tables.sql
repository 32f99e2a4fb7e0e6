-- The tables that may have an index, with their size as the planner sees it and what is written to them.
SELECT
    c.oid::bigint AS oid,
    n.nspname::text AS schema,
    c.relname::text AS name,
    format('%%I.%%I', n.nspname, c.relname) AS identity,
    c.relkind::text AS kind,
    greatest(c.reltuples, coalesce(s.n_live_tup, 0), 0)::float8 AS rows,
    greatest(c.relpages, 1) AS pages,
    current_setting('block_size')::integer AS block,
    coalesce(s.n_tup_ins, 0) AS inserts,
    coalesce(s.n_tup_upd, 0) AS updates,
    coalesce(s.n_tup_hot_upd, 0) AS hot,
    coalesce(s.n_tup_del, 0) AS deletes,
    coalesce(s.seq_scan, 0) + coalesce(s.idx_scan, 0) AS scans,
    coalesce(extract(
        EPOCH FROM now() - greatest(d.stats_reset, pg_postmaster_start_time())
    ), 0)::float8 AS since_seconds,
    coalesce((SELECT i.inhparent FROM pg_inherits AS i WHERE i.inhrelid = c.oid LIMIT 1), 0)::bigint AS parent,
    array(
        SELECT array_to_string(k.conkey, ',')
        FROM pg_constraint AS k
        WHERE k.conrelid = c.oid AND k.contype = 'f'
        ORDER BY k.oid
    ) AS foreign_keys
FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace
LEFT JOIN pg_stat_all_tables AS s ON s.relid = c.oid
LEFT JOIN pg_stat_database AS d ON d.datname = current_database()
WHERE c.oid = ANY(%(relations)s::oid []) AND c.relkind IN ('r', 'p', 'm') AND n.nspname NOT IN ('pg_catalog', 'information_schema')
ORDER BY c.oid
