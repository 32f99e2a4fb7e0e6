-- The real sizes of a few tables that no VACUUM or ANALYZE has measured yet. Asking takes an ACCESS SHARE lock for a moment,
-- so that those are left out on which, or on whose TOAST table or index, somebody has or awaits an ACCESS EXCLUSIVE one.
WITH locked AS MATERIALIZED (
    SELECT l.relation AS oid
    FROM pg_locks AS l
    WHERE
        l.mode = 'AccessExclusiveLock'
        AND l.database = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database())
)

SELECT
    c.oid::int8 AS oid,
    pg_table_size(c.oid) - coalesce(pg_total_relation_size(nullif(c.reltoastrelid, 0)), 0) AS heap_bytes,
    coalesce(pg_total_relation_size(nullif(c.reltoastrelid, 0)), 0) AS toast_bytes,
    pg_indexes_size(c.oid) AS index_bytes
FROM pg_class AS c
WHERE
    c.oid = ANY(%(oids)s::oid [])
    AND NOT EXISTS (
        SELECT
        FROM locked AS l
        WHERE
            l.oid IN (c.oid, c.reltoastrelid)
            OR l.oid IN (
                SELECT x.indexrelid
                FROM pg_index AS x
                WHERE x.indrelid IN (c.oid, c.reltoastrelid)
            )
    )
