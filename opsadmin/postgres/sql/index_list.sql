-- Indexes with what is known of them without a lock: one page of those whose index, table or column has the text in its
-- name, or those with the given names. `found`: how many there are in all. The page puts in what they are ordered by.
WITH alike AS MATERIALIZED (
    -- One letter is in most of them.
    SELECT a.attrelid AS relid
    FROM pg_attribute AS a
    WHERE length(%(text)s) > 1 AND a.attnum > 0 AND strpos(lower(a.attname), %(text)s) > 0
),

fitting AS MATERIALIZED (
    SELECT
        c.oid,
        /* key */ 0 AS key
    FROM pg_index AS i
    INNER JOIN pg_class AS c ON c.oid = i.indexrelid
    INNER JOIN pg_namespace AS n ON n.oid = c.relnamespace
    LEFT JOIN pg_class AS t ON t.oid = i.indrelid
    LEFT JOIN pg_namespace AS tn ON tn.oid = t.relnamespace
    WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
        AND NOT starts_with(n.nspname, 'pg_temp_') AND NOT starts_with(n.nspname, 'pg_toast_temp_')
        AND (
            %(names)s::text [] IS NULL
            OR c.relname = ANY(%(names)s::name []) AND (n.nspname, c.relname) IN (
                SELECT
                    g.schema_name,
                    g.index_name
                FROM unnest(%(schemas)s::name [], %(names)s::name []) AS g (schema_name, index_name)
            )
        )
        AND (
            %(text)s = ''
            OR strpos(lower(n.nspname || '.' || c.relname), %(text)s) > 0
            OR strpos(lower(tn.nspname || '.' || t.relname), %(text)s) > 0
            OR i.indrelid IN (SELECT a.relid FROM alike AS a) AND EXISTS (
                SELECT FROM pg_attribute AS a
                WHERE a.attrelid = i.indrelid AND a.attnum = ANY(i.indkey) AND strpos(lower(a.attname), %(text)s) > 0
            )
        )
),

listed AS (
    SELECT
        f.oid,
        f.key
    FROM fitting AS f
    ORDER BY f.key /* direction */, f.oid
    LIMIT %(limit)s OFFSET %(offset)s
)

SELECT
    c.oid::bigint AS oid,
    (SELECT count(*) FROM fitting) AS found,
    n.nspname::text AS schema,
    c.relname::text AS name,
    format('%%I.%%I', n.nspname, c.relname) AS object,
    i.indrelid::bigint AS table_oid,
    tn.nspname::text AS table_schema,
    t.relname::text AS table_name,
    format('%%I.%%I', tn.nspname, t.relname) AS table_object,
    m.amname::text AS method,
    ARRAY(
        SELECT coalesce(a.attname::text, '(…)')
        FROM unnest(i.indkey::smallint []) WITH ORDINALITY AS k (attnum, place)
        LEFT JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = k.attnum AND k.attnum <> 0
        WHERE k.place <= i.indnkeyatts
        ORDER BY k.place
    ) AS columns,
    i.indpred IS NOT NULL AS is_partial,
    c.relkind = 'I' AS is_partitioned,
    c.relpages::bigint * current_setting('block_size')::bigint AS bytes,
    pg_stat_get_numscans(c.oid) AS scans,
    (to_jsonb(s) ->> 'last_idx_scan')::timestamptz AS used_at,
    i.indisvalid AS is_valid,
    i.indisprimary AS is_primary,
    i.indisexclusion AS is_exclusion,
    i.indisunique AS is_unique,
    i.indisreplident AS is_replica_identity,
    c.relispartition AS is_partition,
    k.conname::text AS constraint_name,
    EXISTS (SELECT FROM pg_constraint AS f WHERE f.conindid = c.oid AND f.contype = 'f') AS is_referenced
FROM listed AS l
INNER JOIN pg_class AS c ON c.oid = l.oid
INNER JOIN pg_namespace AS n ON n.oid = c.relnamespace
INNER JOIN pg_index AS i ON i.indexrelid = l.oid
INNER JOIN pg_class AS t ON t.oid = i.indrelid
INNER JOIN pg_namespace AS tn ON tn.oid = t.relnamespace
INNER JOIN pg_am AS m ON m.oid = c.relam
LEFT JOIN pg_constraint AS k ON k.conindid = c.oid AND k.conrelid = i.indrelid AND k.contype IN ('p', 'u', 'x')
LEFT JOIN pg_stat_all_indexes AS s ON s.relid = i.indrelid AND s.indexrelid = c.oid
ORDER BY l.key /* direction */, l.oid
