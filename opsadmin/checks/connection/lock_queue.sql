-- title: Blocks others
-- severity: warning
-- threshold: warning_seconds = 2 s; the longest wait (our choice: twice deadlock_timeout's default, by which PostgreSQL
--   itself would log the wait)
-- threshold: patient_seconds = 1 min; waits for a transaction's end, as CREATE INDEX CONCURRENTLY does by design (our choice)
-- threshold: critical_seconds = 30 s; the longest wait (our choice: gunicorn's timeout, web requests die of it)
-- threshold: critical_sessions = 10; that wait (our choice: a usual pool is used up)
-- says: {object} {state}; {how_many} for it, the longest for {longest_seconds}: {victims}.
-- why: Whoever comes later queues up behind them, until no connection is left.
-- hint: Let its statement finish, or end its session if nobody misses it.
-- source: PostgreSQL documentation, pg_blocking_pids
-- examined: {all_locks} locks
SELECT
    q.object,
    q.root AS pid,
    CASE
        WHEN q.root = 0 THEN 'is prepared and not yet committed'
        WHEN b.state IS NOT NULL
            THEN
                'has been ' || b.state || ' for ' || round(b.state_seconds) || ' s (role '
                || coalesce(b.role, 'unknown') || ', database ' || coalesce(b.database, 'unknown') || ')'
        WHEN b.kind IS NOT NULL THEN 'is at work'
        ELSE 'is in a state that this role may not see'
    END AS state,
    count(*) || CASE count(*) WHEN 1 THEN ' session waits' ELSE ' sessions wait' END AS how_many,
    max(q.waited_seconds) AS longest_seconds,
    array_to_string(
        (array_agg(
            format('%s for %s (%s s)', q.victim, q.wanted, round(q.waited_seconds::numeric, 1))
            ORDER BY q.waited_seconds DESC
        ))[:10], ', '
    ) || CASE WHEN count(*) > 10 THEN ' and ' || count(*) - 10 || ' more' ELSE '' END AS victims,
    CASE
        WHEN max(q.waited_seconds) >= :critical_seconds OR count(*) >= :critical_sessions THEN 'critical'
        ELSE 'warning'
    END AS severity,
    CASE
        WHEN q.root = 0
            THEN
                'Ask its owner whether it must stand; then '
                || coalesce(
                    'COMMIT PREPARED ' || quote_literal(q.gid) || ' or ROLLBACK PREPARED ' || quote_literal(q.gid),
                    'COMMIT PREPARED or ROLLBACK PREPARED it'
                )
                || ', in the database where it was prepared. pg_prepared_xacts lists them.'
        WHEN NOT b.is_client AND b.kind IS NOT NULL
            THEN 'It is a process of PostgreSQL''s own: let it finish, or find what it works on.'
        WHEN b.state = 'active' THEN 'Let its statement finish, or cancel it.'
        WHEN b.state IS NULL THEN 'Look at it as a role with pg_monitor, then cancel or end it.'
        WHEN b.state = 'idle'
            THEN
                'It is in no transaction, and keeps an advisory lock that belongs to the session: have it call '
                || 'pg_advisory_unlock, or end the session. pg_advisory_xact_lock lets go by itself.'
        WHEN b.state NOT LIKE 'idle in transaction%' THEN 'See what it does, then cancel it or end its session.'
        ELSE 'Its transaction was left open: end the session if nobody misses it, and mend the application.'
    END AS hint,
    CASE
        WHEN q.root = 0 OR NOT b.is_client OR b.state IS NULL THEN ''
        WHEN b.state = 'active' THEN format('SELECT pg_cancel_backend(%s);', q.root)
        ELSE format('SELECT pg_terminate_backend(%s);', q.root)
    END AS fix_sql,
    count(*) * 1000 + max(q.waited_seconds) AS weight
FROM lock_queues AS q
LEFT JOIN backends AS b ON b.pid = q.root
GROUP BY q.root, q.gid, q.object, b.state, b.state_seconds, b.role, b.database, b.kind, b.is_client
HAVING max(q.waited_seconds - CASE WHEN q.is_patient THEN :patient_seconds - :warning_seconds ELSE 0 END)
    >= :warning_seconds
