-- title: Statistics out of date
-- severity: warning
-- threshold: min_rows = 1000; changed rows (our choice)
-- threshold: changed_percent = 20 %; of all rows (twice autovacuum_analyze_scale_factor's built-in value)
-- says: {changed} rows of {object} changed since it was last analyzed ({analyzed} UTC); it has {rows} ({share_percent}).
-- why: The planner goes by how the table was, and picks plans for rows that are gone.
-- hint: {what_to_do}
-- fix: ANALYZE {object};
-- lock: SHARE UPDATE EXCLUSIVE on {object}; reading and writing go on
-- source: PostgreSQL documentation, "Updating Planner Statistics" and autovacuum_analyze_scale_factor
-- examined: {vacuumed} tables and their TOAST tables
SELECT
    v.object,
    v.changed_since_analyze AS changed,
    v.rows,
    coalesce(to_char(v.analyzed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI'), 'before the counters began,') AS analyzed,
    v.changed_since_analyze * 100.0 / greatest(v.rows, 1) AS share_percent,
    CASE
        WHEN NOT g.is_on THEN 'Analyze it, and switch autovacuum and track_counts on.'
        WHEN NOT v.is_enabled THEN 'Analyze it, and let autovacuum come to it again.'
        WHEN v.analyze_at > v.changed_since_analyze THEN 'Analyze it, and lower its autovacuum_analyze_scale_factor.'
        ELSE 'Analyze it; if autovacuum does not keep up, give it more workers.'
    END AS what_to_do,
    CASE WHEN NOT g.is_on THEN 'autovacuum' ELSE '' END AS caused_by,
    v.changed_since_analyze AS weight
FROM vacuumed AS v
CROSS JOIN autovacuum AS g
LEFT JOIN (
    SELECT DISTINCT d.table_oid
    FROM described AS d
    WHERE d.width IS NOT NULL
) AS s ON s.table_oid = v.oid
WHERE NOT v.is_toast AND (v.analyzed_at IS NOT NULL OR s.table_oid IS NOT NULL)
    AND v.changed_since_analyze >= :min_rows
    AND v.changed_since_analyze * 100 >= :changed_percent * v.rows
