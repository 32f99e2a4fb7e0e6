-- Cancel or terminate, only where the process is still the session that was looked at, and still at that statement where
-- that was asked for. No row: it is not. pg_terminate_backend waits for its end.
SELECT
    CASE
        WHEN %(terminate)s THEN pg_terminate_backend(a.pid, %(patience)s)
        ELSE pg_cancel_backend(a.pid)
    END AS taken
FROM pg_stat_activity AS a
WHERE a.pid = %(pid)s
    AND a.backend_start IS NOT DISTINCT FROM %(backend_start)s
    AND (%(query_start)s::timestamptz IS NULL OR a.query_start = %(query_start)s)
