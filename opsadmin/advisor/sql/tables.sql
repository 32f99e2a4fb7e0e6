-- The tables that may have an index, with their size as the planner sees it and what is written to them. A partitioned table is
-- as large as its partitions, and is written to in them.
WITH RECURSIVE parts AS (
    SELECT
        c.oid AS relid,
        c.oid AS part
    FROM pg_class AS c
    WHERE c.oid = ANY(%(relations)s::oid [])
    UNION ALL
    SELECT
        p.relid,
        i.inhrelid
    FROM parts AS p
    JOIN pg_class AS c ON c.oid = p.part AND c.relkind = 'p'
    JOIN pg_inherits AS i ON i.inhparent = p.part
),

above AS (
    SELECT
        c.oid AS relid,
        c.oid AS root,
        0 AS height
    FROM pg_class AS c
    WHERE c.oid = ANY(%(relations)s::oid [])
    UNION ALL
    SELECT
        a.relid,
        i.inhparent,
        a.height + 1
    FROM above AS a
    JOIN pg_inherits AS i ON i.inhrelid = a.root
),

counted AS (
    SELECT
        p.relid,
        sum(greatest(c.reltuples, pg_stat_get_live_tuples(c.oid), f.bytes / (28 + 12.0 * c.relnatts), 0)) AS rows,
        sum(greatest(c.relpages, f.bytes / current_setting('block_size')::integer, 0)) AS pages,
        sum(pg_stat_get_tuples_inserted(c.oid))::bigint AS inserts,
        sum(pg_stat_get_tuples_updated(c.oid))::bigint AS updates,
        sum(pg_stat_get_tuples_hot_updated(c.oid))::bigint AS hot,
        sum(pg_stat_get_tuples_deleted(c.oid))::bigint AS deletes,
        sum(pg_stat_get_numscans(c.oid) + coalesce(x.scans, 0))::bigint AS scans,
        -- What was loaded at once is behind it, and counted no more.
        CASE WHEN bool_and(v.seconds >= %(settled)s) THEN
            sum(pg_stat_get_ins_since_vacuum(c.oid) / v.seconds)
        END::float8 AS inserts_a_second
    FROM parts AS p
    JOIN pg_class AS c ON c.oid = p.part AND c.relkind IN ('r', 'm')
    -- Nobody looked at it yet. Measuring waits behind an ALTER TABLE: only for who holds a lock on it already.
    LEFT JOIN LATERAL (
        SELECT
            CASE
                WHEN %(measured)s AND c.oid = p.relid AND c.relpages = 0 AND c.reltuples < 0 THEN pg_relation_size(c.oid)
            END AS bytes
    ) AS f ON TRUE
    -- The view pg_stat_all_tables would be made for every table of the database.
    LEFT JOIN LATERAL (
        SELECT sum(pg_stat_get_numscans(i.indexrelid)) AS scans
        FROM pg_index AS i
        WHERE i.indrelid = c.oid
    ) AS x ON TRUE
    LEFT JOIN LATERAL (
        SELECT
            extract(
                EPOCH FROM now() - greatest(pg_stat_get_last_vacuum_time(c.oid), pg_stat_get_last_autovacuum_time(c.oid))
            ) AS seconds
    ) AS v ON TRUE
    GROUP BY p.relid
)

SELECT
    c.oid::bigint AS oid,
    n.nspname::text AS schema,
    c.relname::text AS name,
    format('%%I.%%I', n.nspname, c.relname) AS identity,
    c.relkind::text AS kind,
    greatest(c.reltuples, z.rows, 0)::float8 AS rows,
    greatest(z.pages, 1)::bigint AS pages,
    current_setting('block_size')::integer AS block,
    coalesce(z.inserts, 0) AS inserts,
    coalesce(z.updates, 0) AS updates,
    coalesce(z.hot, 0) AS hot,
    coalesce(z.deletes, 0) AS deletes,
    coalesce(z.scans, 0) AS scans,
    z.inserts_a_second,
    coalesce(extract(
        EPOCH FROM now() - greatest(d.stats_reset, pg_postmaster_start_time())
    ), 0)::float8 AS since_seconds,
    coalesce((SELECT i.inhparent FROM pg_inherits AS i WHERE i.inhrelid = c.oid LIMIT 1), 0)::bigint AS parent,
    (SELECT a.root FROM above AS a WHERE a.relid = c.oid ORDER BY a.height DESC LIMIT 1)::bigint AS root,
    array(
        SELECT array_to_string(k.conkey, ',')
        FROM pg_constraint AS k
        WHERE k.conrelid = c.oid AND k.contype = 'f'
        ORDER BY k.oid
    ) AS foreign_keys
FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace
LEFT JOIN counted AS z ON z.relid = c.oid
LEFT JOIN pg_stat_database AS d ON d.datname = current_database()
WHERE c.oid = ANY(%(relations)s::oid []) AND c.relkind IN ('r', 'p', 'm') AND n.nspname NOT IN ('pg_catalog', 'information_schema')
ORDER BY c.oid
