-- PostgreSQL's own cache (one row; none at Neon, where a miss is served by a cache behind it and says little).
SELECT
    s.setting::int8 AS pages,
    s.setting::int8 * current_setting('block_size')::int8 AS bytes
FROM settings AS s
WHERE s.name = 'shared_buffers'
    AND current_setting('neon.timeline_id', TRUE) IS NULL AND current_setting('neon.project_id', TRUE) IS NULL
