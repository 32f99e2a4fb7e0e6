-- title: Never analyzed
-- severity: warning
-- threshold: min_rows = 1000; rows, fewer are read quickly by any plan (our choice)
-- threshold: min_view_rows = 10 k; rows of a materialized view (our choice)
-- says: {object} has {rows} rows and was never analyzed{and_yet}.
-- why: The planner knows nothing about its columns and guesses every condition, so joins and indexes are chosen blindly.
-- hint: Analyze it now, and after every bulk load.
-- fix: ANALYZE {object};
-- lock: SHARE UPDATE EXCLUSIVE on {object}; reading and writing go on
-- source: PostgreSQL documentation, "Updating Planner Statistics"
-- examined: {vacuumed} tables and their TOAST tables
SELECT
    v.object,
    v.rows,
    CASE
        WHEN NOT g.is_on THEN ': autovacuum is off on this server'
        WHEN NOT v.is_enabled THEN ': autovacuum is off for it'
        WHEN v.analyze_at > v.changed_since_analyze
            THEN format(': autovacuum comes only at %s changed rows', ceil(v.analyze_at))
        ELSE ''
    END AS and_yet,
    CASE WHEN NOT g.is_on THEN 'autovacuum' ELSE '' END AS caused_by,
    v.rows AS weight
FROM vacuumed AS v
CROSS JOIN autovacuum AS g
CROSS JOIN counters AS k
LEFT JOIN (
    SELECT DISTINCT d.table_oid
    FROM described AS d
    WHERE d.width IS NOT NULL
) AS s ON s.table_oid = v.oid
WHERE NOT v.is_toast AND v.analyzed_at IS NULL AND s.table_oid IS NULL
    AND v.changed_since_analyze >= CASE WHEN v.kind = 'm' THEN :min_view_rows ELSE :min_rows END
    AND v.live >= CASE WHEN v.kind = 'm' THEN :min_view_rows ELSE :min_rows END
    -- After a reset of the counters nobody remembers an ANALYZE but the statistics themselves, where they may be read.
    AND (k.reset_at IS NULL OR v.rows_at_analyze < 0 OR has_table_privilege(v.oid, 'SELECT'))
