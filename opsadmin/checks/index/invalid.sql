-- title: Invalid index
-- severity: warning
-- says: {object} on {table_object} is not valid: {state}.
-- why: Every write keeps it up, or already trips over it, and no query may use it.
-- hint: Build it anew, or drop it and start its creation again.
-- fix: REINDEX INDEX CONCURRENTLY {object};
-- lock: SHARE UPDATE EXCLUSIVE on {table_object}
-- source: PostgreSQL documentation, CREATE INDEX, "Building Indexes Concurrently"
-- examined: {indexes} indexes
SELECT
    x.object,
    x.table_object,
    CASE
        WHEN x.kind = 'I' THEN 'some partition has no index attached to it'
        WHEN x.is_ready THEN 'a CREATE INDEX CONCURRENTLY or REINDEX CONCURRENTLY failed at its end'
        ELSE 'a CREATE INDEX CONCURRENTLY failed at its beginning'
    END AS state,
    CASE WHEN x.kind = 'I' THEN '' END AS fix_sql,
    CASE WHEN x.kind = 'I' THEN
        'Create the index on each partition that lacks it and attach it (ALTER INDEX ... ATTACH PARTITION ...).'
    END AS hint,
    x.bytes AS weight
FROM indexes AS x
LEFT JOIN pg_stat_progress_create_index AS p ON p.index_relid = x.oid
WHERE NOT x.is_valid AND p.pid IS NULL
