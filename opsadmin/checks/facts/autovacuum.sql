-- How the server is set to vacuum and analyze where a table says nothing itself. One row. `max_threshold` came with
-- PostgreSQL 18; -1 is none.
SELECT
    max(s.setting) FILTER (WHERE s.name = 'autovacuum') = 'on'
    AND max(s.setting) FILTER (WHERE s.name = 'track_counts') = 'on' AS is_on,
    max(s.setting::float8) FILTER (WHERE s.name = 'autovacuum_vacuum_threshold') AS vacuum_threshold,
    max(s.setting::float8) FILTER (WHERE s.name = 'autovacuum_vacuum_scale_factor') AS vacuum_scale,
    max(s.setting::float8) FILTER (WHERE s.name = 'autovacuum_vacuum_insert_threshold') AS insert_threshold,
    max(s.setting::float8) FILTER (WHERE s.name = 'autovacuum_vacuum_insert_scale_factor') AS insert_scale,
    max(s.setting::float8) FILTER (WHERE s.name = 'autovacuum_analyze_threshold') AS analyze_threshold,
    max(s.setting::float8) FILTER (WHERE s.name = 'autovacuum_analyze_scale_factor') AS analyze_scale,
    coalesce(max(s.setting::float8) FILTER (WHERE s.name = 'autovacuum_vacuum_max_threshold'), -1) AS max_threshold,
    max(s.setting::float8) FILTER (WHERE s.name = 'autovacuum_freeze_max_age') AS freeze_max_age,
    max(s.setting::float8) FILTER (WHERE s.name = 'autovacuum_multixact_freeze_max_age') AS multixact_freeze_max_age,
    max(s.setting::int) FILTER (WHERE s.name = 'autovacuum_max_workers') AS max_workers,
    max(s.setting::float8) FILTER (WHERE s.name = 'vacuum_cost_delay') AS manual_delay,
    max(s.setting::float8) FILTER (WHERE s.name = 'autovacuum_vacuum_cost_delay') AS own_delay,
    max(s.setting::float8) FILTER (WHERE s.name = 'vacuum_cost_limit') AS manual_limit,
    max(s.setting::float8) FILTER (WHERE s.name = 'autovacuum_vacuum_cost_limit') AS own_limit,
    max(s.setting::float8) FILTER (WHERE s.name = 'vacuum_cost_page_dirty') AS dirty_cost
FROM settings AS s
WHERE s.name LIKE '%autovacuum%' OR s.name LIKE 'vacuum\_cost\_%' OR s.name = 'track_counts'
