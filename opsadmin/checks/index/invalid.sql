-- title: Invalid index
-- severity: warning
-- says: {object} on {table_object} is not valid: {state}.
-- why: No query may use it, a unique one guards nothing, and most of them cost every write all the same.
-- hint: Build it anew; a unique one fails again for as long as there are duplicates.
-- fix: REINDEX INDEX CONCURRENTLY {object};
-- lock: SHARE UPDATE EXCLUSIVE on {table_object}
-- source: PostgreSQL documentation, CREATE INDEX, "Building Indexes Concurrently"
-- examined: {indexes} indexes

-- An index that is being built right now is none of these. Who builds it is known to every role by its lock on the table,
-- which index it is only to some.
WITH builders AS (
    SELECT l.relation AS table_oid, p.index_relid, p.command
    FROM pg_stat_progress_create_index AS p
    INNER JOIN pg_locks AS l ON l.pid = p.pid AND l.locktype = 'relation' AND l.mode = 'ShareUpdateExclusiveLock'
    WHERE p.datname = current_database()
),

invalid AS (
    SELECT x.oid, x.object, x.name, x.table_oid, x.table_object, x.kind, x.is_ready, x.is_live, x.bytes
    FROM indexes AS x
    WHERE NOT x.is_valid
    UNION ALL
    -- What a failed REINDEX TABLE CONCURRENTLY leaves on the table's TOAST.
    SELECT
        i.indexrelid, format('pg_toast.%I', c.relname), c.relname, i.indrelid, t.object, c.relkind, i.indisready,
        i.indislive, c.relpages::int8 * current_setting('block_size')::int8
    FROM pg_index AS i
    INNER JOIN pg_class AS c ON c.oid = i.indexrelid
    INNER JOIN tables AS t ON t.toast = i.indrelid
    WHERE NOT i.indisvalid
),

-- Of a partitioned index: the partitions that have none attached, or an invalid one.
lacking AS (
    SELECT
        v.oid,
        count(*) AS number,
        string_agg(format('%I.%I', n.nspname, c.relname), ', ' ORDER BY c.relname) AS names
    FROM invalid AS v
    INNER JOIN pg_inherits AS h ON h.inhparent = v.table_oid
    INNER JOIN pg_class AS c ON c.oid = h.inhrelid AND c.relkind <> 'f'
    INNER JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE v.kind = 'I' AND NOT EXISTS (
        SELECT FROM pg_inherits AS a
        INNER JOIN pg_index AS i ON i.indexrelid = a.inhrelid
        WHERE a.inhparent = v.oid AND i.indrelid = h.inhrelid AND i.indisvalid
    )
    GROUP BY v.oid
)

SELECT
    v.object,
    v.table_object,
    CASE
        WHEN v.kind = 'I' AND l.number IS NULL THEN 'it was made ON ONLY the parent'
        WHEN v.kind = 'I' THEN format('%s of its partitions have no valid index attached to it (%s)', l.number, left(l.names, 300))
        WHEN NOT v.is_live THEN 'a DROP INDEX CONCURRENTLY was interrupted'
        WHEN v.name ~ '_cc(new|old)\d*$' THEN 'a REINDEX CONCURRENTLY failed and left it behind'
        WHEN v.is_ready THEN 'a CREATE INDEX CONCURRENTLY failed at its end, or a DROP INDEX CONCURRENTLY was given up'
        ELSE 'a CREATE INDEX CONCURRENTLY failed before it was built'
    END AS state,
    CASE
        WHEN v.kind = 'I' THEN ''
        WHEN NOT v.is_live OR v.name ~ '_cc(new|old)\d*$' THEN format('DROP INDEX CONCURRENTLY %s;', v.object)
    END AS fix_sql,
    CASE
        WHEN v.kind = 'I' THEN
            'Create the index CONCURRENTLY on each of these partitions, then ALTER INDEX ... ATTACH PARTITION ...: with '
            'the last one the parent''s becomes valid by itself.'
        WHEN NOT v.is_live THEN 'Drop it again.'
        WHEN v.name ~ '_cc(new|old)\d*$' THEN 'The index it stood for still works: drop this one, and reindex again.'
    END AS hint,
    CASE WHEN v.kind = 'I' THEN '' END AS lock,
    v.bytes AS weight
FROM invalid AS v
LEFT JOIN lacking AS l ON l.oid = v.oid
WHERE NOT EXISTS (
    SELECT FROM builders AS b
    LEFT JOIN pg_inherits AS h ON h.inhrelid = b.table_oid
    WHERE (b.table_oid = v.table_oid OR v.kind = 'I' AND h.inhparent = v.table_oid)
        AND (
            b.index_relid IS NULL OR b.index_relid = v.oid OR v.kind = 'I'
            OR b.command LIKE 'REINDEX%' AND v.name ~ '_cc(new|old)\d*$'
        )
)
