-- A page of the relations of a schema: tables, views, indexes, sequences, by their kinds (pg_class.relkind). Rows and
-- sizes are those of the last VACUUM or ANALYZE; a partitioned table's and index's are the sums of its partitions.
-- With an order by size or rows everything is measured before the page is cut, by name only the page is.
WITH RECURSIVE picked AS MATERIALIZED (
    SELECT c.oid, c.relname, c.relkind, count(*) OVER () AS total
    FROM pg_class AS c
    WHERE
        c.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = %(schema)s)
        AND c.relkind = ANY(%(kinds)s::"char" [])
        AND (%(search)s = '' OR strpos(lower(c.relname), lower(%(search)s)) > 0)
    ORDER BY c.relname
    LIMIT CASE WHEN %(sort_by)s = 'name' THEN %(limit)s::int END
    OFFSET CASE WHEN %(sort_by)s = 'name' THEN %(skip)s::int END
),

tree AS (
    SELECT oid AS root, relname AS root_name, total, oid, relkind
    FROM picked
    UNION ALL
    SELECT t.root, t.root_name, t.total, c.oid, c.relkind
    FROM tree AS t
    INNER JOIN pg_inherits AS i ON i.inhparent = t.oid
    INNER JOIN pg_class AS c ON c.oid = i.inhrelid
    WHERE t.relkind IN ('p', 'I')
),

-- How large a tree is, is beyond what the planner can guess: OFFSET keeps it from measuring every relation there is, and
-- what is known of a root travels along, so that nothing is joined to it afterwards.
measured AS (
    SELECT
        t.root AS oid,
        t.root_name AS relname,
        t.total,
        count(*) FILTER (WHERE c.relkind NOT IN ('p', 'I')) AS leaves,
        -- -1: never vacuumed nor analysed, nothing is known
        sum(CASE WHEN c.reltuples >= 0 THEN c.reltuples ELSE nullif(pg_stat_get_live_tuples(c.oid), 0) END)
        FILTER (WHERE c.relkind IN ('r', 'm', 'f', 'i')) AS tuples,
        sum(c.relpages) FILTER (WHERE c.relkind IN ('r', 'm', 'i', 'S') AND (c.reltuples >= 0 OR c.relpages > 0))
            AS pages,
        sum(c.more) AS more
    FROM tree AS t
    CROSS JOIN LATERAL (
        SELECT
            r.oid,
            r.relkind,
            r.reltuples,
            r.relpages,
            coalesce(o.relpages, 0) + coalesce((
                SELECT sum(i.relpages)
                FROM pg_index AS x
                INNER JOIN pg_class AS i ON i.oid = x.indexrelid
                WHERE x.indrelid = r.oid AND r.relkind IN ('r', 'm')
            ), 0) + coalesce((
                SELECT sum(i.relpages)
                FROM pg_index AS x
                INNER JOIN pg_class AS i ON i.oid = x.indexrelid
                WHERE x.indrelid = o.oid
            ), 0) AS more
        FROM pg_class AS r
        LEFT JOIN pg_class AS o ON o.oid = r.reltoastrelid
        WHERE r.oid = t.oid
        OFFSET 0
    ) AS c
    GROUP BY t.root, t.root_name, t.total
),

page AS (
    SELECT m.*, m.pages + m.more AS total_pages
    FROM measured AS m
    ORDER BY
        CASE %(sort_by)s WHEN 'size' THEN m.pages + m.more WHEN 'rows' THEN m.tuples END DESC NULLS LAST,
        m.relname
    LIMIT CASE WHEN %(sort_by)s <> 'name' THEN %(limit)s::int END
    OFFSET CASE WHEN %(sort_by)s <> 'name' THEN %(skip)s::int END
)

SELECT
    n.nspname AS schema,
    c.relname AS name,
    CASE c.relkind
        WHEN 'r' THEN 'table'
        WHEN 'p' THEN 'partitioned_table'
        WHEN 'f' THEN 'foreign_table'
        WHEN 'v' THEN 'view'
        WHEN 'm' THEN 'materialized_view'
        WHEN 'i' THEN 'index'
        WHEN 'I' THEN 'partitioned_index'
        WHEN 'S' THEN 'sequence'
    END AS kind,
    pg_get_userbyid(c.relowner) AS owner,
    p.tuples::bigint AS rows,
    (p.pages * b.size)::bigint AS size_bytes,
    CASE WHEN c.relkind IN ('r', 'p', 'm') THEN (p.total_pages * b.size)::bigint END AS total_bytes,
    d.description AS comment,
    p.total,
    CASE
        WHEN c.relkind IN ('i', 'I') THEN quote_ident(tn.nspname) || '.' || quote_ident(t.relname)
        WHEN c.relkind = 'S' THEN owned.by_column
    END AS "table",
    CASE WHEN c.relispartition THEN parent.identity END AS partition_of,
    CASE WHEN c.relkind IN ('p', 'I') THEN p.leaves END AS partitions,
    CASE c.relpersistence WHEN 'u' THEN 'unlogged' WHEN 't' THEN 'temporary' END AS persistence,
    am.amname AS access_method,
    x.indisunique AS "unique",
    x.indisvalid AS valid,
    CASE WHEN c.relkind = 'm' THEN c.relispopulated END AS populated,
    e.extname AS extension
FROM page AS p
INNER JOIN pg_class AS c ON c.oid = p.oid
INNER JOIN pg_namespace AS n ON n.oid = c.relnamespace
CROSS JOIN (SELECT current_setting('block_size')::bigint AS size) AS b
LEFT JOIN pg_am AS am ON am.oid = c.relam AND c.relkind IN ('i', 'I')
LEFT JOIN pg_description AS d ON d.classoid = 'pg_class'::regclass AND d.objoid = c.oid AND d.objsubid = 0
LEFT JOIN pg_index AS x ON x.indexrelid = c.oid
LEFT JOIN pg_class AS t ON t.oid = x.indrelid
LEFT JOIN pg_namespace AS tn ON tn.oid = t.relnamespace
LEFT JOIN LATERAL (
    SELECT quote_ident(pn.nspname) || '.' || quote_ident(pc.relname) AS identity
    FROM pg_inherits AS i
    INNER JOIN pg_class AS pc ON pc.oid = i.inhparent
    INNER JOIN pg_namespace AS pn ON pn.oid = pc.relnamespace
    WHERE i.inhrelid = c.oid
    LIMIT 1
) AS parent ON c.relispartition
LEFT JOIN LATERAL (
    SELECT quote_ident(sn.nspname) || '.' || quote_ident(sc.relname) || '.' || quote_ident(a.attname) AS by_column
    FROM pg_depend AS own
    INNER JOIN pg_class AS sc ON sc.oid = own.refobjid
    INNER JOIN pg_namespace AS sn ON sn.oid = sc.relnamespace
    INNER JOIN pg_attribute AS a ON a.attrelid = sc.oid AND a.attnum = own.refobjsubid
    WHERE
        own.classid = 'pg_class'::regclass
        AND own.objid = c.oid
        AND own.refclassid = 'pg_class'::regclass
        AND own.deptype IN ('a', 'i')
    LIMIT 1
) AS owned ON c.relkind = 'S'
LEFT JOIN pg_depend AS member
    ON member.classid = 'pg_class'::regclass AND member.objid = c.oid AND member.objsubid = 0 AND member.deptype = 'e'
LEFT JOIN pg_extension AS e ON e.oid = member.refobjid
ORDER BY
    CASE %(sort_by)s WHEN 'size' THEN p.total_pages WHEN 'rows' THEN p.tuples END DESC NULLS LAST,
    c.relname
