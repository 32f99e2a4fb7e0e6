-- The largest tables with their indexes and TOAST, partitions with their root, as VACUUM and ANALYZE last counted their
-- pages: pg_total_relation_size would wait behind a locked table.
WITH RECURSIVE roots AS (
    SELECT
        c.oid,
        c.oid AS root
    FROM pg_class AS c
    WHERE c.relkind IN ('r', 'p', 'm') AND NOT c.relispartition AND c.relpersistence <> 't'

    UNION ALL

    SELECT
        i.inhrelid,
        r.root
    FROM roots AS r
    INNER JOIN pg_inherits AS i ON i.inhparent = r.oid
    INNER JOIN pg_class AS p ON p.oid = i.inhrelid AND p.relispartition
),

sizes AS (
    SELECT
        r.root,
        sum(c.relpages::bigint) AS pages,
        sum(greatest(c.reltuples, 0)) AS tuples,
        sum((SELECT sum(x.relpages::bigint) FROM pg_index AS i INNER JOIN pg_class AS x ON x.oid = i.indexrelid WHERE i.indrelid = c.oid)) AS index_pages,
        sum((SELECT t.relpages::bigint FROM pg_class AS t WHERE t.oid = c.reltoastrelid)) AS toast_pages
    FROM roots AS r
    INNER JOIN pg_class AS c ON c.oid = r.oid
    GROUP BY r.root
)

SELECT
    n.nspname AS schema,
    c.relname AS name,
    s.tuples::bigint AS estimated_rows,
    ((s.pages + COALESCE(s.index_pages, 0) + COALESCE(s.toast_pages, 0)) * current_setting('block_size')::int)::bigint AS bytes
FROM sizes AS s
INNER JOIN pg_class AS c ON c.oid = s.root
INNER JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname NOT IN ('pg_catalog', 'information_schema')
ORDER BY bytes DESC, schema ASC, name ASC
LIMIT %(limit)s
