-- title: Session that holds VACUUM back
-- severity: warning
-- needs: role pg_read_all_stats
-- threshold: min_dead_rows = 500; in this database (our choice; with fewer nothing waits)
-- threshold: idle_seconds = 10 s; of a transaction that does nothing (our choice: a web request is over long before)
-- threshold: busy_seconds = 5 min; of one that works (our choice)
-- threshold: proven_seconds = 5 s; where a VACUUM came meanwhile and had to leave dead rows behind (our choice)
-- threshold: critical_seconds = 1 h; of any (our choice)
-- says: {object}, {state}, keeps a view of the database that is {seconds} and {age} transactions old; of the {dead_rows} dead rows here, those deleted since must stay{proof}.
-- why: No VACUUM may remove what was deleted since, in any table of this database.
-- hint: Find out what it waits for; end it if nobody misses it.
-- fix: SELECT pg_terminate_backend({pid});
-- source: PostgreSQL documentation, "Routine Vacuuming" and pg_stat_activity.backend_xmin
-- examined: {sessions} sessions
SELECT
    h.object,
    h.pid,
    b.state,
    h.seconds,
    h.age,
    d.rows AS dead_rows,
    CASE
        WHEN d.left_at > clock_timestamp() - make_interval(secs => h.seconds)
            THEN ', and a VACUUM that came meanwhile had to leave some'
        ELSE ''
    END AS proof,
    CASE WHEN h.seconds >= :critical_seconds THEN 'critical' END AS severity,
    h.seconds AS weight
FROM horizon AS h
INNER JOIN backends AS b ON b.pid = h.pid
CROSS JOIN dead_total AS d
WHERE h.kind = 'session' AND h.age > 0 AND d.rows >= :min_dead_rows
    -- Who waits in a queue for a lock is a victim: the one at its head is told of.
    AND b.wait_event_type IS DISTINCT FROM 'Lock'
    AND (
        h.seconds >= :busy_seconds
        OR (h.seconds >= :idle_seconds AND b.state LIKE 'idle in transaction%')
        OR (h.seconds >= :proven_seconds AND d.left_at > clock_timestamp() - make_interval(secs => h.seconds))
    )
