-- title: Partition half detached
-- severity: warning
-- says: {object} is half detached from {parent_object}: its DETACH PARTITION ... CONCURRENTLY was broken off.
-- why: Its rows are missing from the parent's queries, and no other partition can be detached.
-- hint: Finish the detachment; attach it again afterwards if it was a mistake.
-- fix: ALTER TABLE {parent_object} DETACH PARTITION {object} FINALIZE;
-- lock: SHARE UPDATE EXCLUSIVE on {parent_object}, ACCESS EXCLUSIVE on {object}
-- source: PostgreSQL documentation, ALTER TABLE, DETACH PARTITION
-- examined: {relations} relations
SELECT
    r.object,
    p.object AS parent_object
FROM pg_inherits AS h
INNER JOIN relations AS r ON r.oid = h.inhrelid
INNER JOIN relations AS p ON p.oid = h.inhparent
-- One that is still at work holds this lock on the parent throughout.
LEFT JOIN pg_locks AS l
    ON l.locktype = 'relation' AND l.relation = h.inhparent AND l.mode = 'ShareUpdateExclusiveLock' AND l.granted
    AND l.pid <> pg_backend_pid()
WHERE h.inhdetachpending AND l.pid IS NULL
