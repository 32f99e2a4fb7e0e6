-- The parents and the direct children of a table or an index, by partitioning or inheritance. Rows and sizes are estimates, summed up
-- over everything below a child.
WITH RECURSIVE child AS (
    SELECT i.inhrelid AS oid, count(*) OVER () AS total
    FROM pg_inherits AS i
    INNER JOIN pg_class AS c ON c.oid = i.inhrelid
    WHERE i.inhparent = %(oid)s
    ORDER BY c.relname
    LIMIT %(limit)s::int
),

tree AS (
    SELECT oid AS root, oid
    FROM child
    UNION ALL
    SELECT t.root, i.inhrelid
    FROM tree AS t
    INNER JOIN pg_inherits AS i ON i.inhparent = t.oid
),

measured AS (
    SELECT
        t.root,
        count(*) FILTER (WHERE c.relkind NOT IN ('p', 'I')) AS leaves,
        sum(c.reltuples) FILTER (WHERE c.reltuples >= 0 AND c.relkind NOT IN ('p', 'I')) AS tuples,
        sum(
            greatest(c.relpages, 0)::bigint
            + coalesce(o.relpages, 0)
            + coalesce((
                SELECT sum(ic.relpages)
                FROM pg_index AS x
                INNER JOIN pg_class AS ic ON ic.oid = x.indexrelid
                WHERE x.indrelid IN (c.oid, o.oid)
            ), 0)
        ) FILTER (WHERE c.relkind NOT IN ('p', 'I')) AS pages
    FROM tree AS t
    INNER JOIN pg_class AS c ON c.oid = t.oid
    LEFT JOIN pg_class AS o ON o.oid = c.reltoastrelid AND c.reltoastrelid <> 0
    GROUP BY t.root
),

relative AS (
    SELECT true AS is_child, m.root AS oid, m.leaves, m.tuples, m.pages, child.total, 0 AS place
    FROM measured AS m
    INNER JOIN child ON child.oid = m.root
    UNION ALL
    SELECT false, i.inhparent, NULL, NULL, NULL, 0, i.inhseqno
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
    (r.pages * current_setting('block_size')::bigint)::bigint AS total_bytes
FROM relative AS r
INNER JOIN pg_class AS c ON c.oid = r.oid
INNER JOIN pg_namespace AS n ON n.oid = c.relnamespace
ORDER BY r.is_child, r.place, pg_get_expr(c.relpartbound, 0) = 'DEFAULT', c.relname
