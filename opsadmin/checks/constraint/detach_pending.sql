-- title: Partition half detached
-- severity: warning
-- needs: role pg_read_all_stats
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
WHERE h.inhdetachpending
    -- One that is still at work waits for older readers by their transactions, without a lock of its own.
    AND NOT EXISTS (
        SELECT 1
        FROM sessions AS s
        WHERE s.is_here AND s.wait_event = 'virtualxid' AND s.query ~* '\mdetach\s+partition\M'
            AND strpos(s.query, r.name) > 0
    )
