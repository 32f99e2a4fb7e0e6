-- The lock table, read once. Every role sees all of it.
SELECT
    l.*,
    (l.locktype, l.database, l.relation, l.page, l.tuple, l.virtualxid, l.transactionid, l.classid, l.objid, l.objsubid)::text
        AS target
FROM pg_locks AS l
