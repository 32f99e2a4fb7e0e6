-- Tables, partitioned ones (kind p: they hold no rows themselves) and materialized views (m), with their counters since
-- the last reset. `rows` is the best guess that takes no lock: the counters', else that of the last ANALYZE. `root`: the
-- partitioned table at the top, itself where it is no partition; `root_object`: its
-- name, NULL where it is no partition.
SELECT
    r.*,
    CASE WHEN r.is_partition THEN coalesce(pg_partition_root(r.oid)::oid, r.oid) ELSE r.oid END AS root,
    CASE
        WHEN r.is_partition THEN (
            SELECT format('%I.%I', n.nspname, c.relname)
            FROM pg_class AS c
            INNER JOIN pg_namespace AS n ON n.oid = c.relnamespace
            WHERE c.oid = coalesce(pg_partition_root(r.oid)::oid, r.oid)
        )
    END AS root_object,
    greatest(pg_stat_get_live_tuples(r.oid), 0) AS live,
    greatest(pg_stat_get_dead_tuples(r.oid), 0) AS dead,
    greatest(pg_stat_get_live_tuples(r.oid)::float8, r.rows_at_analyze, 0) AS rows,
    pg_stat_get_numscans(r.oid) AS seq_scans,
    pg_stat_get_tuples_returned(r.oid) AS seq_rows,
    pg_stat_get_tuples_inserted(r.oid) AS inserted,
    pg_stat_get_tuples_updated(r.oid) AS updated,
    pg_stat_get_tuples_hot_updated(r.oid) AS hot_updated,
    pg_stat_get_tuples_deleted(r.oid) AS deleted,
    pg_stat_get_mod_since_analyze(r.oid) AS changed_since_analyze,
    pg_stat_get_ins_since_vacuum(r.oid) AS inserted_since_vacuum,
    greatest(pg_stat_get_last_vacuum_time(r.oid), pg_stat_get_last_autovacuum_time(r.oid)) AS vacuumed_at,
    greatest(pg_stat_get_last_analyze_time(r.oid), pg_stat_get_last_autoanalyze_time(r.oid)) AS analyzed_at
FROM relations AS r
WHERE r.kind IN ('r', 'p', 'm')
