-- Indexes (kind I: of a partitioned table, without rows of its own), with what two must share to do the same work:
-- columns, operator classes, collations, order, expressions, predicate. Expressions are compared as PostgreSQL stores
-- them, without the place in the text they came from: pg_get_expr would wait behind a locked table.
SELECT
    r.oid,
    r.kind,
    r.schema,
    r.name,
    r.object,
    r.bytes,
    r.pages,
    r.is_partition,
    r.options,
    r.rows_at_analyze AS entries,
    t.oid AS table_oid,
    t.object AS table_object,
    t.kind AS table_kind,
    t.rows AS table_rows,
    t.bytes AS table_bytes,
    am.amname AS method,
    i.indisunique AS is_unique,
    i.indisprimary AS is_primary,
    i.indisexclusion AS is_exclusion,
    i.indimmediate AS is_immediate,
    i.indisvalid AS is_valid,
    i.indisready AS is_ready,
    i.indisclustered AS is_clustered,
    i.indisreplident AS is_replica_identity,
    i.indnkeyatts AS key_count,
    i.indnatts AS column_count,
    i.indkey::int2[] AS columns,
    i.indclass::oid[] AS classes,
    i.indcollation::oid[] AS collations,
    i.indoption::int2[] AS orders,
    regexp_replace(i.indexprs::text, ':location -?\d+', '', 'g') AS expressions,
    regexp_replace(i.indpred::text, ':location -?\d+', '', 'g') AS predicate,
    c.contype AS constraint_type,
    pg_stat_get_numscans(r.oid) AS scans
FROM relations AS r
INNER JOIN pg_index AS i ON i.indexrelid = r.oid
INNER JOIN tables AS t ON t.oid = i.indrelid
INNER JOIN pg_am AS am ON am.oid = r.access_method
LEFT JOIN pg_constraint AS c ON c.conindid = r.oid AND c.contype IN ('p', 'u', 'x')
WHERE r.kind IN ('i', 'I')
