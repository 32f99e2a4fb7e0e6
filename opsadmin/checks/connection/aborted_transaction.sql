-- title: Aborted transaction left open
-- severity: warning
-- needs: role pg_read_all_stats
-- threshold: warning_seconds = 2 s; since the statement that failed (our choice: a driver rolls back at once)
-- threshold: critical_seconds = 15 min; since the statement that failed (our choice: its locks stay that long)
-- says: Session {pid} ({application}, role {role}, database {database}) has sat in an aborted transaction for
--   {state_seconds}; its last statement: {doing}.
-- why: It can do nothing but roll back, and its locks and its connection stay taken until it does.
-- hint: The application swallows an error and does not roll back. End the session, then mend the code.
-- fix: SELECT pg_terminate_backend({pid});
-- source: PostgreSQL documentation, pg_stat_activity, state "idle in transaction (aborted)"
-- examined: {sessions} sessions
SELECT
    format('pid %s (%s)', s.pid, s.application) AS object,
    s.pid,
    s.application,
    s.role,
    s.database,
    s.doing,
    s.state_seconds,
    CASE WHEN s.state_seconds >= :critical_seconds THEN 'critical' ELSE 'warning' END AS severity,
    s.state_seconds AS weight
FROM sessions AS s
WHERE s.state = 'idle in transaction (aborted)' AND s.state_seconds >= :warning_seconds
