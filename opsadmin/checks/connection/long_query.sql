-- title: Long-running statement
-- severity: warning
-- needs: role pg_read_all_stats
-- threshold: warning_seconds = 30 s; of running (gunicorn's and most proxies' timeout: whoever asked is gone by then)
-- threshold: critical_seconds = 30 min; of running (our choice)
-- threshold: maintenance_seconds = 6 h; for VACUUM, CREATE INDEX and their like, dumps and restores, which are long by
--   design (our choice)
-- says: Session {pid} ({application}, role {role}, database {database}) has run one statement for {query_seconds}{waiting}:
--   {doing}.
-- why: It holds its locks and keeps VACUUM from cleaning up until it ends.
-- hint: See its plan with explain_query; cancel it if nobody waits for its answer any more.
-- fix: SELECT pg_cancel_backend({pid});
-- source: our choice; PgHero warns from 60 s on
-- examined: {sessions} sessions
SELECT
    format('pid %s (%s)', s.pid, s.application) AS object,
    s.pid,
    s.application,
    s.role,
    s.database,
    s.doing,
    s.query_seconds,
    coalesce(', now waiting for ' || s.wait_event_type || ' ' || s.wait_event, '') AS waiting,
    CASE WHEN s.query_seconds >= :critical_seconds THEN 'critical' ELSE 'warning' END AS severity,
    s.query_seconds AS weight
FROM sessions AS s
WHERE s.state IN ('active', 'fastpath function call')
    -- Who waits for a lock is the victim of another: connection.lock_queue.
    AND s.wait_event_type IS DISTINCT FROM 'Lock'
    AND s.query_seconds
    >= CASE
        WHEN s.application IN ('pg_dump', 'pg_dumpall', 'pg_restore', 'pg_basebackup')
            OR s.doing
            ~* '^(vacuum|analyze|analyse|cluster|reindex|create (unique )?index|refresh materialized|alter table .* validate)\y'
            THEN :maintenance_seconds
        ELSE :warning_seconds
    END
