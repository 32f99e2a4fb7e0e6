-- The indexes of the tables, as far as they can be read without a lock on them.
SELECT
    i.indrelid::bigint AS relid,
    i.indexrelid::bigint AS oid,
    c.relname::text AS name,
    n.nspname::text AS schema,
    m.amname::text AS method,
    i.indisunique AS is_unique,
    i.indisprimary AS is_primary,
    EXISTS (SELECT FROM pg_constraint AS k WHERE k.conindid = i.indexrelid) AS is_constraint,
    i.indisvalid AS is_valid,
    i.indpred IS NULL AND i.indexprs IS NULL AND NOT EXISTS (
        SELECT FROM unnest(i.indclass::oid []) AS used (opclass)
        JOIN pg_opclass AS o ON o.oid = used.opclass
        WHERE NOT o.opcdefault
    ) AND NOT EXISTS (
        SELECT FROM unnest(i.indoption::smallint []) AS flags (bits)
        WHERE flags.bits <> 0
    ) AND NOT EXISTS (
        SELECT FROM unnest(i.indkey::smallint [], i.indcollation::oid []) AS k (attnum, coll)
        JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
        WHERE k.coll NOT IN (0, a.attcollation)
    ) AS is_plain,
    c.relpages::bigint * current_setting('block_size')::bigint AS bytes,
    coalesce(s.idx_scan, 0) AS scans,
    array(
        SELECT coalesce(a.attname::text, '')
        FROM unnest(i.indkey::smallint []) WITH ORDINALITY AS k (attnum, place)
        LEFT JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = k.attnum AND k.attnum > 0
        WHERE k.place <= i.indnkeyatts
        ORDER BY k.place
    ) AS keys,
    array(
        SELECT a.attname::text
        FROM unnest(i.indkey::smallint []) WITH ORDINALITY AS k (attnum, place)
        JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
        WHERE k.place > i.indnkeyatts
        ORDER BY k.place
    ) AS include,
    i.indisclustered AS is_clustered,
    i.indisreplident AS is_replica_identity,
    c.relispartition AS is_partition,
    coalesce(c.reloptions, '{}') AS options,
    array(
        SELECT k.bits
        FROM unnest(i.indoption::smallint []) WITH ORDINALITY AS k (bits, place)
        ORDER BY k.place
    ) AS orders,
    array(
        SELECT CASE WHEN o.opcdefault THEN '' WHEN o.opcnamespace = 11 THEN o.opcname ELSE format('%%I.%%I', u.nspname, o.opcname) END
        FROM unnest(i.indclass::oid []) WITH ORDINALITY AS k (opclass, place)
        JOIN pg_opclass AS o ON o.oid = k.opclass
        JOIN pg_namespace AS u ON u.oid = o.opcnamespace
        ORDER BY k.place
    ) AS opclasses,
    array(
        SELECT CASE WHEN k.coll NOT IN (0, coalesce(a.attcollation, 100)) THEN format('%%I.%%I', v.nspname, o.collname) ELSE '' END
        FROM unnest(i.indkey::smallint [], i.indcollation::oid []) WITH ORDINALITY AS k (attnum, coll, place)
        LEFT JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = k.attnum AND k.attnum > 0
        LEFT JOIN pg_collation AS o ON o.oid = k.coll
        LEFT JOIN pg_namespace AS v ON v.oid = o.collnamespace
        WHERE k.place <= i.indnkeyatts
        ORDER BY k.place
    ) AS collations,
    -- As they are stored: to print them would wait behind a locked table. Without their place in the text they came from.
    coalesce(regexp_replace(i.indexprs::text, ':(location|\w+format) -?\d+', '', 'g'), '') AS expressions,
    coalesce(regexp_replace(i.indpred::text, ':(location|\w+format) -?\d+', '', 'g'), '') AS predicate,
    coalesce(i.indexprs::text, '') AS stored_expressions,
    coalesce(i.indpred::text, '') AS stored_predicate
FROM pg_index AS i
JOIN pg_class AS c ON c.oid = i.indexrelid
JOIN pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_am AS m ON m.oid = c.relam
LEFT JOIN pg_stat_all_indexes AS s ON s.indexrelid = i.indexrelid
WHERE i.indrelid = ANY(%(relations)s::oid [])
ORDER BY i.indrelid, c.relname
