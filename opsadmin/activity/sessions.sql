-- The processes of this server, all databases, but for our own. What a role may not see of others' sessions is NULL, and
-- their query says so; pid, role, database and application everybody sees, and the lock table too.
WITH waits AS (
    SELECT
        l.pid,
        min(l.waitstart) AS since,
        -- Asked of those alone that wait: it locks the whole lock table for a moment.
        pg_blocking_pids(l.pid) AS blockers
    FROM pg_locks AS l
    WHERE NOT l.granted
    GROUP BY l.pid
),

blocking AS (
    SELECT
        b.pid,
        count(DISTINCT w.pid)::int AS sessions
    FROM waits AS w
    CROSS JOIN LATERAL unnest(w.blockers) AS b (pid)
    GROUP BY b.pid
)

SELECT
    a.pid,
    a.datname AS database,
    a.usename AS role,
    a.application_name AS application,
    coalesce(host(a.client_addr), CASE WHEN a.client_port = -1 THEN 'socket' END) AS address,
    a.backend_type AS kind,
    a.leader_pid,
    a.state,
    a.wait_event_type,
    a.wait_event,
    a.query_id,
    CASE WHEN a.backend_type IS NOT NULL THEN left(a.query, %(characters)s) END AS sql,
    a.backend_start,
    a.xact_start AS transaction_start,
    a.query_start,
    a.state_change AS state_since,
    a.now,
    extract(epoch FROM a.now - a.begun)::float8 AS seconds,
    extract(epoch FROM a.now - a.xact_start)::float8 AS transaction_seconds,
    extract(epoch FROM a.now - w.since)::float8 AS waited_seconds,
    coalesce(w.blockers, '{}') AS blocked_by,
    coalesce(o.sessions, 0) AS blocks,
    a.backend_type IS NULL AS hidden,
    a.application_name IN ('opsadmin', 'opsadmin console') OR a.query LIKE '%%/* opsadmin %%' AS is_ours,
    count(*) OVER () AS found
FROM (
    SELECT
        s.*,
        clock_timestamp() AS now,
        CASE WHEN s.state IN ('active', 'fastpath function call') THEN s.query_start ELSE s.state_change END AS begun,
        EXISTS (SELECT 1 FROM waits AS x WHERE x.pid = s.pid) AS waits
    FROM pg_stat_activity AS s
    WHERE s.pid <> pg_backend_pid()
) AS a
LEFT JOIN waits AS w ON w.pid = a.pid
LEFT JOIN blocking AS o ON o.pid = a.pid
WHERE CASE
        WHEN %(pids)s::int[] IS NOT NULL THEN a.pid = ANY (%(pids)s)
        ELSE
            (%(background)s OR coalesce(a.backend_type, 'client backend') = 'client backend')
            AND CASE %(state)s
                WHEN '' THEN %(idle)s OR a.state IS DISTINCT FROM 'idle'
                WHEN 'waiting' THEN a.waits
                -- What cannot be seen may be in that state.
                ELSE
                    a.state IS NULL AND a.backend_type IS NULL
                    OR a.state = %(state)s
                    OR (%(state)s = 'idle in transaction' AND a.state = 'idle in transaction (aborted)')
                    OR (%(state)s = 'active' AND a.state = 'fastpath function call')
            END
            AND (a.begun IS NULL OR a.now - a.begun >= make_interval(secs => %(older_than)s))
    END
ORDER BY seconds DESC NULLS LAST, a.pid ASC
LIMIT %(limit)s
