-- title: Idle in transaction
-- severity: warning
-- needs: role pg_read_all_stats
-- threshold: warning_seconds = 5 s; since its last statement (our choice: nothing that a transaction is open for takes
--   the application that long, unless it waits for somebody else)
-- threshold: critical_seconds = 15 min; since its last statement (our choice: VACUUM is held up that long)
-- threshold: dump_seconds = 6 h; for pg_dump, whose leader idles in its transaction by design (our choice)
-- says: Session {pid} ({application}, role {role}, database {database}) has been idle in a transaction for
--   {state_seconds}; its last statement: {doing}.
-- why: Its locks stay, and no VACUUM may remove what was deleted since it began.
-- hint: Find what it waits for in the application; end the session if nobody misses it.
--   idle_in_transaction_session_timeout bounds such waits.
-- fix: SELECT pg_terminate_backend({pid});
-- source: PostgreSQL documentation, idle_in_transaction_session_timeout
-- examined: {sessions} sessions
SELECT
    format('pid %s (%s)', s.pid, s.application) AS object,
    s.pid,
    s.application,
    s.role,
    s.database,
    s.state_seconds,
    s.doing,
    -- Between two statements of READ COMMITTED a transaction that only read holds no snapshot.
    CASE
        WHEN s.backend_xid IS NULL AND s.backend_xmin IS NULL
            THEN 'Its locks and its connection stay taken, and a change of its tables'' structure waits for it.'
    END AS why,
    CASE WHEN s.state_seconds >= :critical_seconds THEN 'critical' ELSE 'warning' END AS severity,
    s.state_seconds AS weight
FROM sessions AS s
WHERE s.state = 'idle in transaction'
    AND s.state_seconds
    >= CASE WHEN s.application IN ('pg_dump', 'pg_dumpall') THEN :dump_seconds ELSE :warning_seconds END
