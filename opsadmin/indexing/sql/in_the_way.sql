-- Who is in the way of an index now: whoever holds a lock on the table that does not go with ours, or waits for one before
-- us; and the transactions that use the table, whose end has to be awaited (their age tells whether they are old).
WITH locks AS (
    SELECT
        k.pid,
        k.mode,
        k.granted,
        k.virtualtransaction,
        k.mode = ANY(%(conflicting)s::text []) AS conflicts
    FROM pg_locks AS k
    WHERE
        k.locktype = 'relation'
        AND k.relation = %(table)s
        AND k.database = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database())
        AND k.pid IS DISTINCT FROM pg_backend_pid()
)

SELECT
    coalesce(l.pid, 0) AS pid,
    max(l.mode) FILTER (WHERE l.conflicts AND l.granted) AS mode,
    coalesce(bool_or(l.conflicts AND l.granted), false) AS conflicts,
    coalesce(extract(epoch FROM clock_timestamp() - max(a.xact_start))::float8, 0) AS transaction_seconds
FROM locks AS l
LEFT JOIN pg_stat_activity AS a ON a.pid = l.pid
WHERE l.granted
GROUP BY l.pid, l.virtualtransaction
ORDER BY transaction_seconds DESC, pid ASC
