-- title: Autovacuum would come too late
-- severity: warning
-- threshold: high_percent = 50 %; of a table's rows, from large_rows on (our choice; the built-in value is 20 %, for ANALYZE 10 %)
-- threshold: large_rows = 10 k; rows (our choice)
-- says: {object} tells autovacuum to {what} only {when_now}.
-- why: It comes so late that the table bloats or is planned by old numbers, long before anybody notices.
-- hint: Take the option away; for a large table a smaller scale factor than the server's is right, not a larger one.
-- fix: ALTER {kind_word} {object} RESET ({options});
-- lock: SHARE UPDATE EXCLUSIVE on {object}
-- source: PostgreSQL documentation, "Automatic Vacuuming": threshold + scale factor * rows
-- examined: {vacuumed} tables and their TOAST tables
WITH late AS (
    SELECT
        v.object,
        v.kind,
        v.rows,
        v.bytes,
        CASE WHEN v.is_toast THEN 'vacuum its TOAST table' ELSE 'vacuum' END AS what,
        CASE WHEN v.is_toast THEN 'toast.' ELSE '' END AS prefix,
        'vacuum' AS kind_of_work,
        v.vacuum_at AS comes_at,
        v.vacuum_scale AS scale
    FROM vacuumed AS v
    WHERE v.sets_vacuum AND (NOT v.is_toast OR v.own_options IS NOT NULL)
    UNION ALL
    SELECT
        v.object,
        v.kind,
        v.rows,
        v.bytes,
        'analyze',
        '',
        'analyze',
        v.analyze_at,
        v.analyze_scale
    FROM vacuumed AS v
    WHERE v.sets_analyze AND NOT v.is_toast
),

judged AS (
    SELECT
        l.object,
        l.kind,
        l.bytes,
        l.what,
        l.prefix || 'autovacuum_' || l.kind_of_work || '_threshold, '
        || l.prefix || 'autovacuum_' || l.kind_of_work || '_scale_factor' AS options,
        format(
            'after %s changed rows, and it has %s',
            ltrim(to_char(ceil(l.comes_at), '999 999 999 999 990')),
            ltrim(to_char(l.rows, '999 999 999 999 990'))
        ) AS when_now
    FROM late AS l
    WHERE l.scale >= 1
        OR (l.rows >= :large_rows AND l.scale * 100 >= :high_percent)
        OR (l.comes_at >= :large_rows AND l.comes_at > l.rows)
    UNION ALL
    SELECT
        v.object,
        v.kind,
        v.bytes,
        'vacuum after inserts',
        'autovacuum_vacuum_insert_threshold, autovacuum_vacuum_insert_scale_factor',
        CASE
            WHEN v.insert_threshold < 0 THEN 'never'
            ELSE format(
                'after %s new rows, and it has %s',
                ltrim(to_char(ceil(v.insert_at), '999 999 999 999 990')),
                ltrim(to_char(v.rows, '999 999 999 999 990'))
            )
        END
    FROM vacuumed AS v
    WHERE v.sets_insert AND NOT v.is_toast AND v.rows >= :large_rows / 10
        AND (
            v.insert_threshold < 0
            OR (v.insert_at > v.rows AND v.insert_at >= :large_rows * 10)
        )
)

SELECT
    j.object,
    string_agg(j.what, ' and to ' ORDER BY j.what) AS what,
    string_agg(DISTINCT j.when_now, ', ') AS when_now,
    CASE WHEN j.kind = 'm' THEN 'MATERIALIZED VIEW' ELSE 'TABLE' END AS kind_word,
    string_agg(j.options, ', ' ORDER BY j.options) AS options,
    max(j.bytes) AS weight
FROM judged AS j
GROUP BY j.object, j.kind
