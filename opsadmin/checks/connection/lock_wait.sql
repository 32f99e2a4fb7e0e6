-- title: Waits for a lock
-- severity: warning
-- threshold: warning_seconds = 2 s; of waiting (our choice: twice deadlock_timeout's default)
-- threshold: patient_seconds = 1 min; of waiting for a transaction's end, as CREATE INDEX CONCURRENTLY does (our choice)
-- says: Session {pid} ({application}) has waited {waited_seconds} for {wanted}, behind {behind}.
-- why: Its user waits as long, and it holds its own locks meanwhile.
-- hint: See to the one it waits for; cancelling this one helps only those behind it.
-- source: PostgreSQL documentation, pg_locks
-- examined: {all_locks} locks
SELECT
    format('pid %s (%s)', w.waiter, b.application) AS object,
    w.waiter AS pid,
    b.application,
    max(w.waited_seconds) AS waited_seconds,
    min(w.wanted) AS wanted,
    coalesce(min(q.object), 'another that waits for it in turn') AS behind,
    min(q.object) AS caused_by,
    max(w.waited_seconds) AS weight
FROM lock_waits AS w
INNER JOIN backends AS b ON b.pid = w.waiter
LEFT JOIN lock_queues AS q ON q.waiter = w.waiter
WHERE b.is_client
    AND w.waited_seconds >= CASE WHEN w.is_patient THEN :patient_seconds ELSE :warning_seconds END
GROUP BY w.waiter, b.application
