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

-- How large a tree is, is beyond what the planner can guess: OFFSET keeps it from measuring every relation there is, and
-- what is known of a root travels along, so that nothing is joined to it afterwards.
measured AS (
    SELECT
        t.root,
        max(CASE WHEN t.oid = t.root THEN c.relname END) AS name,
        count(*) FILTER (WHERE c.relkind NOT IN ('p', 'I')) AS leaves,
        sum(c.reltuples) FILTER (WHERE c.reltuples >= 0 AND c.relkind NOT IN ('p', 'I')) AS tuples,
        sum(c.pages) FILTER (WHERE c.relkind NOT IN ('p', 'I')) AS pages
    FROM tree AS t
    CROSS JOIN LATERAL (
        SELECT
            r.relname::text AS relname,
            r.relkind,
            r.reltuples,
            greatest(r.relpages, 0)::bigint + coalesce(o.relpages, 0) + coalesce((
                SELECT sum(i.relpages)
                FROM pg_index AS x
                INNER JOIN pg_class AS i ON i.oid = x.indexrelid
                WHERE x.indrelid = r.oid AND r.relkind IN ('r', 'm')
            ), 0) + coalesce((
                SELECT sum(i.relpages)
                FROM pg_index AS x
                INNER JOIN pg_class AS i ON i.oid = x.indexrelid
                WHERE x.indrelid = o.oid
            ), 0) AS pages
        FROM pg_class AS r
        LEFT JOIN pg_class AS o ON o.oid = r.reltoastrelid
        WHERE r.oid = t.oid
        OFFSET 0
    ) AS c
    GROUP BY t.root
),

child AS (
    SELECT
        m.*,
        count(*) OVER () AS total,
        sum(m.tuples) OVER () AS all_tuples,
        sum(m.pages) OVER () AS all_pages
    FROM measured AS m
    ORDER BY m.name
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
