-- title: Idle in transaction
-- severity: warning
-- needs: role pg_read_all_stats
-- threshold: warning_seconds = 60 s; since its last statement (our choice: a web request is over long before)
-- threshold: critical_seconds = 15 min; since its last statement (our choice: VACUUM is held up that long)
-- says: Session {pid} ({application}, {role}) has been {state} for {state_seconds}.
-- why: Its locks stay, and no VACUUM may remove what was deleted since it began.
-- hint: Find what it waits for in the application; end the session if nobody misses it.
-- fix: SELECT pg_terminate_backend({pid});
-- source: PostgreSQL documentation, idle_in_transaction_session_timeout
-- examined: {sessions} sessions
SELECT
    format('pid %s (%s)', s.pid, s.application) AS object,
    s.pid,
    s.application,
    s.role,
    s.state,
    s.state_seconds,
    CASE WHEN s.state_seconds >= :critical_seconds THEN 'critical' ELSE 'warning' END AS severity,
    s.state_seconds AS weight
FROM sessions AS s
WHERE s.state = 'idle in transaction' AND s.state_seconds >= :warning_seconds
