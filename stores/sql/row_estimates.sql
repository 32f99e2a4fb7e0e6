-- Rows and bytes of the store's tables, by PostgreSQL's own estimates (null: never vacuumed or analysed).
-- No count(*): ten million rows take seconds. No pg_relation_size(): it queues behind an ALTER TABLE, and this look
-- must end while one runs. relpages is as old as the last VACUUM or ANALYZE, which is good enough for a size.
SELECT
    c.relname::text AS name,
    CASE WHEN c.reltuples >= 0 THEN c.reltuples::bigint END AS rows,
    current_setting('block_size')::bigint * (
        c.relpages + coalesce(
            (
                SELECT sum(i.relpages)
                FROM pg_catalog.pg_index AS x
                INNER JOIN pg_catalog.pg_class AS i ON x.indexrelid = i.oid
                WHERE x.indrelid = c.oid
            ), 0
        )
    )::bigint AS size_bytes
FROM pg_catalog.pg_class AS c
WHERE
    c.relnamespace = pg_catalog.to_regnamespace(current_schema())
    AND c.relkind IN ('r', 'p')
    AND c.relname = any(%(names)s)
ORDER BY c.relname
-- So that it is not taken for a statement of the dashboard.
/* opsadmin */
