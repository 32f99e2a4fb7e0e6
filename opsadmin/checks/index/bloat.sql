-- title: Bloated index
-- severity: warning
-- threshold: min_wasted_bytes = 1 MB; with min_percent (our choice)
-- threshold: min_percent = 50 %; random inserts alone leave a B-tree a third empty (our choice)
-- threshold: min_wasted_bytes_of_small = 200 kB; with min_percent_of_small (our choice)
-- threshold: min_percent_of_small = 75 %; of a smaller one an estimate errs more (our choice)
-- says: {object} on {table_object} takes {size_bytes}; its {entries} entries need about {needed_bytes}, so that
--   {wasted_percent} of it is empty.
-- why: Each scan reads more pages for the same rows, and memory holds emptiness.
-- hint: Rebuild it; where it comes back soon, see whether VACUUM keeps up with the table, and what holds it back.
-- fix: REINDEX INDEX CONCURRENTLY {object};
-- lock: SHARE UPDATE EXCLUSIVE on {table_object}
-- source: PostgreSQL documentation, 25.2 Routine Reindexing; 67.4 B-Tree Implementation
-- examined: {indexes} indexes, by the widths of {column_stats} columns

-- An estimate from what the last VACUUM or ANALYZE saw; every doubt goes for the index. Columns of one width need no
-- statistics. Left out: expressions, and text without a limit where the table keeps values out of line (its width in the
-- table is then not that in the index).
WITH large AS (
    SELECT
        x.*,
        coalesce(substring(array_to_string(x.options, ' ') FROM 'fillfactor=(\d+)')::float8, 90) / 100 AS fill,
        CASE WHEN x.predicate IS NULL THEN greatest(x.entries, x.table_rows) ELSE x.entries END AS rows,
        current_setting('block_size')::float8 - 40 AS page,
        coalesce(tc.relpages, 0) > 0 AS has_toast
    FROM indexes AS x
    INNER JOIN pg_class AS c ON c.oid = x.table_oid
    LEFT JOIN pg_class AS tc ON tc.oid = c.reltoastrelid
    WHERE x.is_btree AND x.is_valid AND x.kind <> 'I' AND x.expressions IS NULL
        AND x.bytes >= :min_wasted_bytes_of_small
),

-- B-trees put equal keys together only where equal means the same bytes.
merging AS (
    SELECT array_agg(o.oid) AS classes
    FROM pg_opclass AS o
    INNER JOIN pg_amproc AS p
        ON p.amprocfamily = o.opcfamily AND p.amproclefttype = o.opcintype AND p.amprocrighttype = o.opcintype
    WHERE o.opcmethod = 403 AND p.amprocnum = 4
),

columns AS (
    SELECT
        l.oid,
        bool_and(
            coalesce(s.width, CASE WHEN a.attlen > 0 THEN a.attlen END) IS NOT NULL
            AND NOT (l.has_toast AND a.attlen < 0 AND a.atttypmod = -1 AND a.attstorage <> 'p' AND a.atttypid <> 1700)
        ) AS is_known,
        bool_or(a.attlen < 0 AND NOT coalesce(w.is_readable, true)) AS is_unseen,
        bool_or(a.attlen < 0) AS varies,
        sum(
            CASE
                WHEN a.attlen < 0 THEN s.width
                WHEN a.attlen > 4 THEN ceil(a.attlen / 8.0) * 8
                ELSE 4
            END * (1 - coalesce(s.null_share, 0))
        ) AS width,
        coalesce(max(s.null_share), 0) AS null_share,
        CASE WHEN bool_and(s.distinct_values > 0) THEN exp(sum(ln(greatest(s.distinct_values, 1) + 1))) END AS different
    FROM large AS l
    CROSS JOIN LATERAL unnest(l.columns) AS k (number)
    INNER JOIN pg_attribute AS a ON a.attrelid = l.table_oid AND a.attnum = k.number
    LEFT JOIN wanted_columns AS w ON w.table_oid = l.table_oid AND w.number = k.number
    LEFT JOIN column_stats AS s ON s.table_oid = l.table_oid AND s.number = k.number
    GROUP BY l.oid
),

entry AS (
    SELECT
        l.*,
        -- With its line pointer; 8 bytes more where there may be NULLs, and half a step of alignment for text.
        ceil((8 + c.width + 8 * c.null_share) / 8) * 8 + 4 + CASE WHEN c.varies THEN 4 ELSE 0 END AS size,
        CASE
            WHEN l.column_count = l.key_count AND l.classes <@ m.classes
                AND coalesce(array_to_string(l.options, ' '), '') !~ 'deduplicate_items=(off|false|0|no)'
                THEN least(c.different, l.rows)
        END AS different
    FROM large AS l
    INNER JOIN columns AS c ON c.oid = l.oid AND c.is_known
    CROSS JOIN merging AS m
    WHERE l.rows >= 0
),

needed AS (
    SELECT
        e.*,
        e.page + 40 AS page_bytes,
        -- Leaf pages of entries one by one, and of entries with equal keys put together (6 bytes each, a tenth of a page
        -- at most); the upper levels are some percent; one page is the index's own.
        1 + ceil(1.02 * least(
            e.rows / greatest(floor(e.page * e.fill / e.size), 1),
            CASE WHEN e.different IS NOT NULL THEN
                (greatest(e.different, e.rows * 6 / greatest(e.page / 10 - e.size, 100)) * e.size + e.rows * 6) / (e.page * e.fill)
            END
        )) AS needed_pages
    FROM entry AS e
)

SELECT
    n.object,
    n.table_object,
    n.bytes AS size_bytes,
    n.rows::int8 AS entries,
    (n.needed_pages * n.page_bytes)::int8 AS needed_bytes,
    100 * (1 - n.needed_pages / n.pages) AS wasted_percent,
    (n.pages - n.needed_pages) * n.page_bytes AS weight,
    NULL AS not_looked_at,
    false AS nothing_seen,
    NULL AS fix_sql
FROM needed AS n
WHERE (n.pages - n.needed_pages) * n.page_bytes >= :min_wasted_bytes AND 100 * (1 - n.needed_pages / n.pages) >= :min_percent
    OR (n.pages - n.needed_pages) * n.page_bytes >= :min_wasted_bytes_of_small
    AND 100 * (1 - n.needed_pages / n.pages) >= :min_percent_of_small
UNION ALL
SELECT
    format('%s indexes', b.unseen),
    NULL,
    NULL,
    NULL,
    NULL,
    NULL,
    NULL,
    format(
        'The role %s may not read the tables of %s of the %s indexes in question, and is not told how wide their entries are.',
        current_user, b.unseen, b.total
    ),
    b.unseen = b.total,
    format('GRANT pg_read_all_data TO %I;', current_user)
FROM (
    SELECT count(DISTINCT s.oid) FILTER (WHERE s.is_unseen) AS unseen, count(DISTINCT s.oid) AS total
    FROM columns AS s
) AS b
WHERE b.unseen > 0
