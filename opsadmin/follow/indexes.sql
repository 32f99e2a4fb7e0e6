-- The indexes that are followed, by oid and by name, with what is counted of them; of a partitioned one of all its parts.
-- From the catalogue and the counters alone: nothing here waits for a lock on a table.
WITH RECURSIVE found AS (
    SELECT w.place, c.oid, true AS by_oid
    FROM unnest(%(places)s::int [], %(oids)s::int8 []) AS w (place, oid)
    INNER JOIN pg_class AS c ON c.oid = w.oid::oid
    WHERE c.relkind IN ('i', 'I')
    UNION ALL
    SELECT w.place, c.oid, false AS by_oid
    FROM unnest(%(places)s::int [], %(schemas)s::text [], %(names)s::text []) AS w (place, schema, name)
    INNER JOIN pg_namespace AS n ON n.nspname = w.schema OR w.schema = ''
    INNER JOIN pg_class AS c ON c.relnamespace = n.oid AND c.relname = w.name
    WHERE c.relkind IN ('i', 'I') AND n.nspname NOT IN ('pg_catalog', 'pg_toast', 'information_schema')
),

parts AS (
    SELECT DISTINCT f.oid AS root, f.oid
    FROM found AS f
    UNION ALL
    SELECT p.root, h.inhrelid AS oid
    FROM parts AS p
    INNER JOIN pg_inherits AS h ON h.inhparent = p.oid
),

counted AS (
    SELECT
        p.root,
        array_agg(p.oid::int8 ORDER BY p.oid) AS oids,
        array_agg(coalesce(pg_stat_get_numscans(p.oid), 0) ORDER BY p.oid) AS scans,
        sum(c.relpages)::int8 * current_setting('block_size')::int8 AS bytes
    FROM parts AS p
    INNER JOIN pg_class AS c ON c.oid = p.oid
    GROUP BY p.root
)

SELECT
    f.place,
    f.by_oid,
    f.oid::int8 AS oid,
    n.nspname::text AS schema,
    c.relname::text AS name,
    c.relkind = 'I' AS is_partitioned,
    i.indisvalid AS is_valid,
    i.indrelid::int8 AS relid,
    tn.nspname::text AS table_schema,
    t.relname::text AS table_name,
    s.oids,
    s.scans,
    s.bytes,
    (SELECT d.stats_reset FROM pg_stat_database AS d WHERE d.datname = current_database()) AS reset_at
FROM found AS f
INNER JOIN pg_class AS c ON c.oid = f.oid
INNER JOIN pg_namespace AS n ON n.oid = c.relnamespace
INNER JOIN pg_index AS i ON i.indexrelid = f.oid
INNER JOIN pg_class AS t ON t.oid = i.indrelid
INNER JOIN pg_namespace AS tn ON tn.oid = t.relnamespace
INNER JOIN counted AS s ON s.root = f.oid
ORDER BY f.place, f.by_oid, n.nspname
