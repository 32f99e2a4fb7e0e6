-- The parents and the direct children of a table or an index, by partitioning or inheritance. Rows and sizes are estimates, summed up
-- over everything below a child; `all_rows` and `all_bytes` are those of all children, also of those beyond the limit.
WITH RECURSIVE tree AS (
    SELECT inhrelid AS root, inhrelid AS oid
    FROM pg_inherits
    WHERE inhparent = %(oid)s
    UNION ALL
    SELECT t.root, i.inhrelid
    FROM tree AS t
    INNER JOIN pg_inherits AS i ON i.inhparent = t.oid
),

-- The pages of indexes by what they are on: a table below a child, or its TOAST table.
indexed AS (
    SELECT coalesce(o.oid, x.indrelid) AS oid, sum(ic.relpages)::bigint AS pages
    FROM pg_index AS x
    INNER JOIN pg_class AS ic ON ic.oid = x.indexrelid
    LEFT JOIN pg_class AS o ON o.reltoastrelid = x.indrelid AND o.reltoastrelid <> 0
    WHERE coalesce(o.oid, x.indrelid) IN (SELECT oid FROM tree)
    GROUP BY coalesce(o.oid, x.indrelid)
),

measured AS (
    SELECT
        t.root,
        count(*) FILTER (WHERE c.relkind NOT IN ('p', 'I')) AS leaves,
        sum(c.reltuples) FILTER (WHERE c.reltuples >= 0 AND c.relkind NOT IN ('p', 'I')) AS tuples,
        sum(greatest(c.relpages, 0)::bigint + coalesce(o.relpages, 0) + coalesce(x.pages, 0))
        FILTER (WHERE c.relkind NOT IN ('p', 'I')) AS pages
    FROM tree AS t
    INNER JOIN pg_class AS c ON c.oid = t.oid
    LEFT JOIN pg_class AS o ON o.oid = c.reltoastrelid AND c.reltoastrelid <> 0
    LEFT JOIN indexed AS x ON x.oid = c.oid
    GROUP BY t.root
),

child AS (
    SELECT
        m.*,
        count(*) OVER () AS total,
        sum(m.tuples) OVER () AS all_tuples,
        sum(m.pages) OVER () AS all_pages
    FROM measured AS m
    INNER JOIN pg_class AS c ON c.oid = m.root
    ORDER BY c.relname
    LIMIT %(limit)s::int
),

relative AS (
    SELECT true AS is_child, root AS oid, leaves, tuples, pages, total, all_tuples, all_pages, 0 AS place
    FROM child
    UNION ALL
    SELECT false, i.inhparent, NULL, NULL, NULL, 0, NULL, NULL, i.inhseqno
    FROM pg_inherits AS i
    WHERE i.inhrelid = %(oid)s
)

SELECT
    r.is_child,
    r.total,
    quote_ident(n.nspname) || '.' || quote_ident(c.relname) AS name,
    CASE c.relkind WHEN 'r' THEN 'table' WHEN 'p' THEN 'partitioned_table' WHEN 'f' THEN 'foreign_table' WHEN 'I' THEN 'partitioned_index' ELSE 'index' END AS kind,
    c.relispartition AS partition,
    CASE WHEN r.is_child THEN pg_get_expr(c.relpartbound, 0) END AS bound,
    r.leaves,
    r.tuples::bigint AS rows,
    (r.pages * current_setting('block_size')::bigint)::bigint AS total_bytes,
    r.all_tuples::bigint AS all_rows,
    (r.all_pages * current_setting('block_size')::bigint)::bigint AS all_bytes
FROM relative AS r
INNER JOIN pg_class AS c ON c.oid = r.oid
INNER JOIN pg_namespace AS n ON n.oid = c.relnamespace
ORDER BY r.is_child, r.place, pg_get_expr(c.relpartbound, 0) = 'DEFAULT', c.relname
