-- Who waits for whom, each pair once. The facts of the health checks stand before it. Prepared transactions are told by
-- their gid.
SELECT
    w.waiter,
    w.blocker,
    w.gid,
    min(w.wanted) AS wanted,
    min(w.mode) AS mode,
    min(w.relation) AS relation,
    max(w.waited_seconds) AS waited_seconds,
    bool_and(w.is_patient) AS is_patient
FROM lock_waits AS w
GROUP BY w.waiter, w.blocker, w.gid
