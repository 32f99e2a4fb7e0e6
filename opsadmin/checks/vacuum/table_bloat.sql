-- title: Bloated table
-- severity: warning
-- threshold: wasted_bytes = 1 MB; estimated, of the table without its indexes and TOAST table (our choice)
-- threshold: wasted_percent = 50 %; of its size (our choice)
-- threshold: critical_bytes = 10 GB; estimated (our choice)
-- says: {object} takes {size_bytes} for {rows} rows; {needed_bytes} would do, {free_bytes} ({free_percent}) are empty (estimated).
-- why: Every scan and every backup reads the empty pages too, and they take the place of useful ones in the caches.
-- hint: New rows fill the empty space. Where it will not be needed, rewrite the table in a quiet hour; pg_repack does it without locking readers out.
-- fix: VACUUM (FULL, ANALYZE) {object};
-- lock: ACCESS EXCLUSIVE on {object} while it is copied
-- source: an estimate from pg_class and pg_stats as the last VACUUM and ANALYZE left them; "Recovering Disk Space"
-- examined: {measured} tables whose statistics this role may read
SELECT
    m.object,
    m.bytes AS size_bytes,
    m.rows,
    m.needed_bytes,
    m.bytes - m.needed_bytes AS free_bytes,
    (m.bytes - m.needed_bytes) * 100.0 / m.bytes AS free_percent,
    CASE WHEN m.kind = 'm' THEN format('REFRESH MATERIALIZED VIEW %s;', m.object) END AS fix_sql,
    CASE WHEN m.bytes - m.needed_bytes >= :critical_bytes THEN 'critical' END AS severity,
    NULL AS not_looked_at,
    false AS nothing_seen,
    (m.bytes - m.needed_bytes)::float8 AS weight
FROM measured AS m
WHERE m.bytes - m.needed_bytes >= :wasted_bytes AND (m.bytes - m.needed_bytes) * 100 >= :wasted_percent * m.bytes
UNION ALL
SELECT
    format('%s tables', count(*)),
    NULL,
    NULL,
    NULL,
    NULL,
    NULL,
    format('GRANT pg_read_all_data TO %I;', current_user),
    NULL,
    format('The role %s may not read the statistics of tables, by which bloat is estimated.', current_user),
    count(*) * 2 > (SELECT count(*) FROM tables AS u WHERE u.kind IN ('r', 'm') AND u.bytes >= :wasted_bytes),
    NULL
FROM tables AS t
WHERE t.kind IN ('r', 'm') AND t.bytes >= :wasted_bytes
    AND (NOT has_any_column_privilege(t.oid, 'SELECT') OR row_security_active(t.oid))
HAVING count(*) > 0
