-- title: Added to and never vacuumed
-- severity: warning
-- threshold: min_rows = 50 k; new rows since the last VACUUM (our choice; autovacuum comes at 1000 and 20 % of the rows)
-- threshold: new_percent = 50 %; of all rows (our choice)
-- threshold: changed_percent = 10 %; at most that share of the changes are updates and deletes, else it is no such table (our choice)
-- says: {new_rows} rows were added to {object} since {since}; it has {rows}.
-- why: No index-only scan can trust it, and one day all of it is frozen at once, at a moment nobody chose.
-- hint: {what_to_do}
-- fix: VACUUM (ANALYZE) {object};
-- lock: SHARE UPDATE EXCLUSIVE on {object}; reading and writing go on
-- source: PostgreSQL documentation, autovacuum_vacuum_insert_threshold and "Updating the Visibility Map"
-- examined: {vacuumed} tables and their TOAST tables
SELECT
    v.object,
    v.inserted_since_vacuum AS new_rows,
    v.rows,
    CASE
        WHEN v.vacuumed_at IS NULL THEN 'it was made or its counters began, and no VACUUM came'
        ELSE format('the last VACUUM (%s UTC)', to_char(v.vacuumed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI'))
    END AS since,
    CASE
        WHEN NOT g.is_on THEN 'Vacuum it, and switch autovacuum and track_counts on.'
        WHEN NOT v.is_enabled THEN 'Vacuum it, and let autovacuum come to it again.'
        WHEN v.insert_threshold < 0 THEN 'Vacuum it, and set autovacuum_vacuum_insert_threshold, which is -1 (never).'
        ELSE 'Vacuum it; if autovacuum does not keep up, lower its autovacuum_vacuum_insert_scale_factor.'
    END AS what_to_do,
    CASE WHEN NOT g.is_on THEN 'autovacuum' ELSE '' END AS caused_by,
    v.inserted_since_vacuum AS weight
FROM vacuumed AS v
CROSS JOIN autovacuum AS g
WHERE NOT v.is_toast AND v.kind = 'r'
    AND v.inserted_since_vacuum >= :min_rows
    AND v.inserted_since_vacuum * 100 >= :new_percent * v.rows
    AND (v.updated + v.deleted) * 100 <= :changed_percent * v.inserted
