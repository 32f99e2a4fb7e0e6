-- Each waiting session with the one at the root of its queue: who blocks, but waits for nobody. Two in a deadlock have no
-- root, until PostgreSQL ends one of them.
WITH RECURSIVE queue AS (
    SELECT
        w.blocker AS root,
        w.gid,
        w.waiter
    FROM lock_waits AS w
    WHERE NOT EXISTS (SELECT 1 FROM lock_waits AS above WHERE above.waiter = w.blocker)
    UNION
    SELECT
        q.root,
        q.gid,
        w.waiter
    FROM queue AS q
    INNER JOIN lock_waits AS w ON w.blocker = q.waiter
)

SELECT
    q.root,
    q.gid,
    CASE
        WHEN q.root <> 0 THEN format('pid %s (%s)', q.root, CASE WHEN b.is_client THEN b.application ELSE b.kind END)
        ELSE 'prepared transaction' || coalesce(' ' || quote_literal(q.gid), '')
    END AS object,
    v.waiter,
    format('pid %s (%s)', v.waiter, v.application) AS victim,
    v.waited_seconds,
    v.wanted,
    v.is_patient
FROM queue AS q
INNER JOIN (
    SELECT
        w.waiter,
        CASE WHEN s.is_client THEN s.application ELSE s.kind END AS application,
        max(w.waited_seconds) AS waited_seconds,
        min(w.wanted) AS wanted,
        bool_and(w.is_patient) AS is_patient
    FROM lock_waits AS w
    INNER JOIN backends AS s ON s.pid = w.waiter
    GROUP BY w.waiter, s.is_client, s.application, s.kind
) AS v ON v.waiter = q.waiter
LEFT JOIN backends AS b ON b.pid = q.root
