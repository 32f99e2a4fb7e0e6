-- Indexes (kind I: of a partitioned table, without rows of its own), with what two must share to do the same work:
-- columns, operator classes, collations, order, expressions, predicate. Expressions are compared as PostgreSQL stores
-- them, without their place in the text they came from and without how a cast was written: pg_get_expr would wait behind
-- a locked table. `columns` counts from 0, as int2vector does; `root`: the partitioned index at the top, itself where it
-- is attached to none; `root_object` and `root_table_object` are its names, NULL where it is attached to none. Names as
-- text: a name takes 64 bytes, however short.
SELECT
    c.oid,
    c.relkind AS kind,
    c.relname::text AS name,
    format('%I.%I', t.schema, c.relname) AS object,
    c.relpages::int8 * current_setting('block_size')::int8 AS bytes,
    c.relpages::int8 AS pages,
    c.relispartition AS is_partition,
    CASE WHEN c.relispartition THEN coalesce(pg_partition_root(c.oid)::oid, c.oid) ELSE c.oid END AS root,
    CASE
        WHEN c.relispartition THEN (
            SELECT format('%I.%I', rn.nspname, rc.relname)
            FROM pg_class AS rc
            INNER JOIN pg_namespace AS rn ON rn.oid = rc.relnamespace
            WHERE rc.oid = coalesce(pg_partition_root(c.oid)::oid, c.oid)
        )
    END AS root_object,
    c.reloptions AS options,
    c.reltuples::float8 AS entries,
    t.oid AS table_oid,
    t.object AS table_object,
    t.root AS table_root,
    CASE WHEN c.relispartition THEN t.root_object END AS root_table_object,
    t.kind AS table_kind,
    t.rows AS table_rows,
    t.seq_scans AS table_seq_scans,
    t.bytes AS table_bytes,
    am.amname::text AS method,
    am.oid = 403 AS is_btree,
    i.indisunique AS is_unique,
    i.indisprimary AS is_primary,
    i.indisexclusion AS is_exclusion,
    i.indimmediate AS is_immediate,
    i.indisvalid AS is_valid,
    i.indisready AS is_ready,
    i.indislive AS is_live,
    i.indisclustered AS is_clustered,
    i.indisreplident AS is_replica_identity,
    i.indnkeyatts AS key_count,
    i.indnatts AS column_count,
    i.indkey::int2[] AS columns,
    i.indclass::oid[] AS classes,
    i.indcollation::oid[] AS collations,
    i.indoption::int2[] AS orders,
    regexp_replace(i.indexprs::text, ':(location|\w+format) -?\d+', '', 'g') AS expressions,
    regexp_replace(i.indpred::text, ':(location|\w+format) -?\d+', '', 'g') AS predicate,
    c.oid IN (SELECT f.conindid FROM pg_constraint AS f WHERE f.contype = 'f') AS is_referenced,
    k.contype AS constraint_type,
    k.conname::text AS constraint_name,
    pg_stat_get_numscans(c.oid) AS scans
FROM pg_index AS i
INNER JOIN pg_class AS c ON c.oid = i.indexrelid
INNER JOIN tables AS t ON t.oid = i.indrelid
INNER JOIN pg_am AS am ON am.oid = c.relam
LEFT JOIN pg_constraint AS k ON k.conindid = c.oid AND k.contype IN ('p', 'u', 'x')
