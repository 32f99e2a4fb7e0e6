-- title: Queries are not recorded
-- severity: warning
-- needs: extension pg_stat_statements
-- says: pg_stat_statements is installed here and records nothing: {reason}.
-- why: Nobody can say which query is slow, nor since when.
-- hint: {todo}
-- source: PostgreSQL documentation, pg_stat_statements
-- examined: {settings} settings
SELECT
    'pg_stat_statements' AS object,
    r.reason,
    r.todo
FROM (
    SELECT
        CASE
            WHEN count(*) FILTER (WHERE s.name = 'pg_stat_statements.max') = 0 THEN 'its library is not loaded'
            WHEN bool_or(s.name = 'pg_stat_statements.track' AND s.setting = 'none') THEN
                'pg_stat_statements.track is none'
            WHEN bool_or(s.name = 'compute_query_id' AND s.setting = 'off') THEN 'compute_query_id is off'
        END AS reason,
        CASE
            WHEN count(*) FILTER (WHERE s.name = 'pg_stat_statements.max') = 0 THEN
                'Add pg_stat_statements to shared_preload_libraries and restart the server.'
            ELSE 'Set pg_stat_statements.track to top and compute_query_id to auto.'
        END AS todo
    FROM settings AS s
) AS r
WHERE r.reason IS NOT NULL
