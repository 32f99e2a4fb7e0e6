-- What a statement on its way is doing: how far an index has come, and which lock it waits for, held by whom.
SELECT
    a.state,
    p.phase,
    p.index_relid::bigint AS index_oid,
    p.lockers_total,
    p.lockers_done,
    p.blocks_total,
    p.blocks_done,
    p.tuples_total,
    p.tuples_done,
    l.locktype,
    l.relation::bigint AS relation,
    extract(epoch FROM clock_timestamp() - l.waitstart)::float8 AS waited_seconds,
    coalesce(w.pids, '{}') AS blockers
FROM pg_stat_get_activity(%(pid)s) AS a
LEFT JOIN pg_stat_progress_create_index AS p ON p.pid = a.pid
LEFT JOIN LATERAL (
    SELECT k.locktype, k.relation, k.waitstart
    FROM pg_locks AS k
    WHERE k.pid = a.pid AND NOT k.granted
    LIMIT 1
) AS l ON a.wait_event_type = 'Lock'
LEFT JOIN LATERAL (SELECT pg_blocking_pids(a.pid) AS pids) AS w ON a.wait_event_type = 'Lock'
