-- Sessions by their process numbers, for people; of prepared transactions the number is 0, and of them there is nothing here.
SELECT
    a.pid,
    a.usename::text AS role,
    nullif(a.application_name, '') AS application,
    a.state,
    extract(epoch FROM clock_timestamp() - a.xact_start)::float8 AS transaction_seconds
FROM pg_stat_activity AS a
WHERE a.pid = ANY(%(pids)s::int [])
ORDER BY a.xact_start, a.pid
