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

parts AS (
    SELECT
        c.oid AS owner,
        c.relpages::bigint AS pages,
        greatest(c.reltuples, 0) AS tuples
    FROM pg_class AS c
    WHERE c.relkind IN ('r', 'm') AND c.relpages > 0

    UNION ALL

    SELECT
        i.indrelid,
        x.relpages,
        0
    FROM pg_index AS i
    INNER JOIN pg_class AS x ON x.oid = i.indexrelid
    WHERE x.relpages > 0

    UNION ALL

    SELECT
        c.oid,
        t.relpages,
        0
    FROM pg_class AS c
    INNER JOIN pg_class AS t ON t.oid = c.reltoastrelid
    WHERE t.relpages > 0
),

sizes AS (
    SELECT
        r.root,
        sum(p.pages) AS pages,
        sum(p.tuples) AS tuples
    FROM parts AS p
    INNER JOIN roots AS r ON r.oid = p.owner
    GROUP BY r.root
)

SELECT
    n.nspname AS schema,
    c.relname AS name,
    s.tuples::bigint AS estimated_rows,
    (s.pages * current_setting('block_size')::int)::bigint AS bytes
FROM sizes AS s
INNER JOIN pg_class AS c ON c.oid = s.root
INNER JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname NOT IN ('pg_catalog', 'information_schema')
ORDER BY bytes DESC, schema ASC, name ASC
LIMIT %(limit)s
