-- A page of the tables of a schema, or of all that people made: partitions stand within their partitioned table. Sizes and
-- rows are those of the last VACUUM or ANALYZE, the rest are counters; nothing waits behind a locked table.
WITH RECURSIVE roots AS MATERIALIZED (
    SELECT c.oid, n.nspname AS schema, c.relname AS name, c.relkind, c.relpages, c.reltoastrelid
    FROM pg_class AS c
    INNER JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE
        c.relkind IN ('r', 'p', 'm')
        AND NOT c.relispartition
        AND c.relpersistence <> 't'
        AND CASE
            WHEN %(schema)s = '' THEN n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
            ELSE n.nspname = %(schema)s
        END
        AND (%(search)s = '' OR strpos(lower(c.relname), lower(%(search)s)) > 0)
),

members AS MATERIALIZED (
    SELECT oid AS root, oid, relkind, relpages, reltoastrelid
    FROM roots
    UNION ALL
    SELECT m.root, c.oid, c.relkind, c.relpages, c.reltoastrelid
    FROM members AS m
    INNER JOIN pg_inherits AS i ON i.inhparent = m.oid
    INNER JOIN pg_class AS c ON c.oid = i.inhrelid AND c.relispartition
    WHERE m.relkind = 'p'
),

-- Only where the order goes by size: everything is measured before the page is cut. Added up for each table before it is
-- joined to the members, which the planner takes for few.
indexed AS MATERIALIZED (
    SELECT i.indrelid AS owner, sum(c.relpages) AS pages
    FROM pg_index AS i
    INNER JOIN pg_class AS c ON c.oid = i.indexrelid
    WHERE %(sort_by)s = 'size' AND c.relkind = 'i' AND c.relpages > 0
    GROUP BY i.indrelid
),

toasted AS MATERIALIZED (
    SELECT c.oid, c.relpages AS pages
    FROM pg_class AS c
    WHERE %(sort_by)s = 'size' AND c.relkind = 't' AND c.relpages > 0
),

measured AS (
    SELECT
        m.root,
        sum(CASE WHEN m.relkind IN ('r', 'm') THEN m.relpages ELSE 0 END + coalesce(t.pages, 0) + coalesce(x.pages, 0))::float8
            AS measure
    FROM members AS m
    LEFT JOIN indexed AS x ON x.owner = m.oid
    LEFT JOIN toasted AS t ON t.oid = m.reltoastrelid
    WHERE %(sort_by)s = 'size'
    GROUP BY m.root
    UNION ALL
    SELECT
        m.root,
        sum(
            CASE %(sort_by)s
                WHEN 'rows' THEN CASE WHEN c.reltuples >= 0 THEN c.reltuples ELSE pg_stat_get_live_tuples(c.oid) END
                WHEN 'dead_rows' THEN pg_stat_get_dead_tuples(c.oid)
                WHEN 'rows_read' THEN pg_stat_get_tuples_returned(c.oid)
                WHEN 'changes' THEN pg_stat_get_tuples_inserted(c.oid)
                + pg_stat_get_tuples_updated(c.oid) + pg_stat_get_tuples_deleted(c.oid)
            END
        )
    FROM members AS m
    INNER JOIN pg_class AS c ON c.oid = m.oid AND c.relkind IN ('r', 'm')
    WHERE %(sort_by)s NOT IN ('size', 'name')
    GROUP BY m.root
),

page AS MATERIALIZED (
    SELECT
        r.*,
        coalesce(m.measure, 0) AS measure,
        count(*) OVER ()::int AS found,
        max(m.measure) OVER () AS most
    FROM roots AS r
    LEFT JOIN measured AS m ON m.root = r.oid
    ORDER BY coalesce(m.measure, 0) DESC, r.schema ASC, r.name ASC
    LIMIT %(limit)s::int
    OFFSET %(skip)s::int
)

SELECT
    p.oid::int8 AS oid,
    p.schema,
    p.name,
    CASE p.relkind WHEN 'p' THEN 'partitioned_table' WHEN 'm' THEN 'materialized_view' ELSE 'table' END AS kind,
    p.found,
    CASE WHEN %(sort_by)s = 'size' THEN (p.most * current_setting('block_size')::int)::int8 END AS largest_bytes,
    f.*
FROM page AS p
CROSS JOIN LATERAL (
    SELECT
        CASE WHEN p.relkind = 'p' THEN count(*) FILTER (WHERE c.relkind <> 'p') END::int AS partitions,
        bool_or(c.relpersistence = 'u') AS is_unlogged,
        coalesce(bool_and(c.reltuples >= 0 OR c.relpages > 0) FILTER (WHERE c.relkind <> 'p'), false) AS is_measured,
        -- A partitioned table says -1 itself.
        (sum(c.relpages) FILTER (WHERE c.relkind <> 'p') * current_setting('block_size')::int)::int8 AS heap_bytes,
        (sum(o.relpages) * current_setting('block_size')::int)::int8 AS toast_bytes,
        (sum(x.pages) * current_setting('block_size')::int)::int8 AS index_bytes,
        coalesce(sum(x.indexes) FILTER (WHERE c.relkind <> 'p'), 0)::int AS indexes,
        sum(CASE WHEN c.reltuples >= 0 THEN c.reltuples ELSE pg_stat_get_live_tuples(c.oid) END)
        FILTER (WHERE c.relkind <> 'p')::int8 AS rows,
        sum(pg_stat_get_dead_tuples(c.oid))::int8 AS dead_rows,
        sum(pg_stat_get_mod_since_analyze(c.oid))::int8 AS changed_since_analyze,
        sum(pg_stat_get_numscans(c.oid))::int8 AS sequential_scans,
        sum(pg_stat_get_tuples_returned(c.oid))::int8 AS sequential_rows,
        sum(x.scans)::int8 AS index_scans,
        sum(pg_stat_get_tuples_inserted(c.oid))::int8 AS inserted,
        sum(pg_stat_get_tuples_updated(c.oid))::int8 AS updated,
        sum(pg_stat_get_tuples_deleted(c.oid))::int8 AS deleted,
        max(pg_stat_get_last_vacuum_time(c.oid)) AS vacuumed_at,
        max(pg_stat_get_last_autovacuum_time(c.oid)) AS autovacuumed_at,
        max(pg_stat_get_last_analyze_time(c.oid)) AS analyzed_at,
        max(pg_stat_get_last_autoanalyze_time(c.oid)) AS autoanalyzed_at
    FROM (
        -- A table that is no partitioned one is its only member: the list of all is not gone through for it.
        SELECT p.oid
        WHERE p.relkind <> 'p'
        UNION ALL
        SELECT m.oid
        FROM members AS m
        WHERE p.relkind = 'p' AND m.root = p.oid
    ) AS t
    INNER JOIN pg_class AS c ON c.oid = t.oid
    LEFT JOIN pg_class AS o ON o.oid = c.reltoastrelid AND c.relkind <> 'p'
    CROSS JOIN LATERAL (
        SELECT
            sum(i.relpages) FILTER (WHERE i.relkind = 'i') AS pages,
            count(*) AS indexes,
            sum(pg_stat_get_numscans(i.oid)) AS scans
        FROM pg_index AS x
        INNER JOIN pg_class AS i ON i.oid = x.indexrelid
        WHERE x.indrelid = c.oid
    ) AS x
) AS f
ORDER BY p.measure DESC, p.schema ASC, p.name ASC
