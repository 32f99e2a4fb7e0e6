-- Tables and materialized views of which ANALYZE left enough to tell how much room their rows need, with what they take
-- and what would do. A column is padded to the alignment of the one after it, a row's header is 24 bytes (more with
-- NULLs among many columns), and a page holds whole rows only.
WITH padded AS (
    SELECT
        d.table_oid,
        d.null_share,
        d.width,
        d.length,
        CASE lead(d.alignment) OVER (PARTITION BY d.table_oid ORDER BY d.number)
            WHEN 'd' THEN 8.0
            WHEN 'i' THEN 4.0
            WHEN 's' THEN 2.0
            ELSE 1.0
        END AS unit
    FROM described AS d
),

rows_of AS (
    SELECT
        p.table_oid,
        CASE WHEN max(p.null_share) > 0 THEN ceil((23 + ceil(count(*) / 8.0)) / 8) * 8 ELSE 24 END
        -- The width of a text is an average: it is padded by half of a unit.
        + sum((1 - p.null_share) * CASE WHEN p.length < 0 THEN p.width + p.unit / 2 ELSE ceil(p.width / p.unit) * p.unit END)
        AS width
    FROM padded AS p
    GROUP BY p.table_oid
    -- A column that is not known may be the widest.
    HAVING count(*) = count(p.width)
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
