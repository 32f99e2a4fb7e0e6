-- Tables and materialized views of which ANALYZE left enough to tell how much room their rows need, with what they take
-- and what would do. A column is padded to the alignment of the one after it, a row's header is 24 bytes (more with
-- NULLs among many columns), and a page holds whole rows only.
WITH padded AS (
    SELECT
        c.table_oid,
        c.null_share,
        CASE
            WHEN a.attlen < 0 AND lead(a.attalign) OVER (PARTITION BY c.table_oid ORDER BY c.number) = 'd' THEN c.width + 4
            ELSE
                ceil(
                    c.width / CASE lead(a.attalign) OVER (PARTITION BY c.table_oid ORDER BY c.number)
                        WHEN 'd' THEN 8.0
                        WHEN 'i' THEN 4.0
                        WHEN 's' THEN 2.0
                        ELSE 1.0
                    END
                ) * CASE lead(a.attalign) OVER (PARTITION BY c.table_oid ORDER BY c.number)
                    WHEN 'd' THEN 8.0
                    WHEN 'i' THEN 4.0
                    WHEN 's' THEN 2.0
                    ELSE 1.0
                END
        END AS width
    FROM column_stats AS c
    INNER JOIN pg_attribute AS a ON a.attrelid = c.table_oid AND a.attnum = c.number
),

rows_of AS (
    SELECT
        p.table_oid,
        24 + CASE WHEN max(p.null_share) > 0 THEN ceil(count(*) / 64.0) * 8 - 8 ELSE 0 END
        + sum((1 - p.null_share) * p.width) AS width
    FROM padded AS p
    GROUP BY p.table_oid
),

sized AS (
    SELECT
        t.oid,
        t.kind,
        t.object,
        t.bytes,
        t.rows_at_analyze AS rows,
        current_setting('block_size')::float8 AS page,
        ceil(r.width / 8) * 8 + 4 AS row_width,
        coalesce(substring(array_to_string(t.options, ',') FROM 'fillfactor=(\d+)')::float8, 100) / 100 AS fill
    FROM tables AS t
    LEFT JOIN rows_of AS r ON r.table_oid = t.oid
    WHERE t.kind IN ('r', 'm') AND t.rows_at_analyze >= 0 AND t.pages > 0 AND (r.width IS NOT NULL OR t.rows_at_analyze = 0)
)

SELECT
    s.oid,
    s.kind,
    s.object,
    s.bytes,
    s.rows,
    CASE
        WHEN s.rows = 0 THEN 0
        ELSE ceil(s.rows / greatest(floor((s.page - 24) * s.fill / s.row_width), 1)) * s.page
    END AS needed_bytes
FROM sized AS s
