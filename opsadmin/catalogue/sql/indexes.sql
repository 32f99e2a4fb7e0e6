-- The indexes of a relation, with what is known without a lock on it: definitions and real sizes are asked for by
-- definitions.sql.
SELECT
    c.oid::bigint AS oid,
    c.relname AS name,
    quote_ident(n.nspname) || '.' || quote_ident(c.relname) AS identity,
    am.amname AS access_method,
    ARRAY(
        SELECT coalesce(a.attname, '(expression)')
        FROM unnest(x.indkey::smallint []) WITH ORDINALITY AS k (attnum, place)
        LEFT JOIN pg_attribute AS a ON a.attrelid = x.indrelid AND a.attnum = k.attnum
        WHERE k.place <= x.indnkeyatts
        ORDER BY k.place
    ) AS columns,
    ARRAY(
        SELECT a.attname
        FROM unnest(x.indkey::smallint []) WITH ORDINALITY AS k (attnum, place)
        INNER JOIN pg_attribute AS a ON a.attrelid = x.indrelid AND a.attnum = k.attnum
        WHERE k.place > x.indnkeyatts
        ORDER BY k.place
    ) AS include,
    x.indpred IS NOT NULL AS partial,
    x.indisunique AS "unique",
    x.indisprimary AS "primary",
    x.indisvalid AS valid,
    x.indisready AS ready,
    x.indisclustered AS clustered,
    x.indisreplident AS replica_identity,
    coalesce((to_jsonb(x) ->> 'indnullsnotdistinct')::boolean, false) AS nulls_not_distinct,
    (
        SELECT k.conname
        FROM pg_constraint AS k
        WHERE k.conindid = c.oid AND k.conrelid = x.indrelid AND k.contype IN ('p', 'u', 'x')
        LIMIT 1
    ) AS "constraint",
    (
        SELECT quote_ident(pn.nspname) || '.' || quote_ident(pc.relname)
        FROM pg_inherits AS i
        INNER JOIN pg_class AS pc ON pc.oid = i.inhparent
        INNER JOIN pg_namespace AS pn ON pn.oid = pc.relnamespace
        WHERE i.inhrelid = c.oid
        LIMIT 1
    ) AS partition_of,
    CASE WHEN c.relkind = 'i' THEN c.relpages::bigint * current_setting('block_size')::bigint END AS size_bytes,
    s.idx_scan AS scans,
    s.idx_tup_read AS tuples_read,
    s.idx_tup_fetch AS tuples_fetched,
    (to_jsonb(s) ->> 'last_idx_scan')::timestamptz AS last_used_at,
    coalesce(c.reloptions, '{}') AS options,
    ts.spcname AS tablespace,
    obj_description(c.oid, 'pg_class') AS comment
FROM pg_index AS x
INNER JOIN pg_class AS c ON c.oid = x.indexrelid
INNER JOIN pg_namespace AS n ON n.oid = c.relnamespace
INNER JOIN pg_am AS am ON am.oid = c.relam
LEFT JOIN pg_tablespace AS ts ON ts.oid = c.reltablespace
LEFT JOIN pg_stat_all_indexes AS s ON s.relid = x.indrelid AND s.indexrelid = x.indexrelid
WHERE x.indrelid = %(table)s AND (%(index)s::oid IS NULL OR x.indexrelid = %(index)s)
ORDER BY x.indisprimary DESC, x.indisunique DESC, c.relname ASC
