-- What statements of this database cost, one row for each that a role sent. Without their texts, which are in a file. What
-- this role may not see has no queryid. Where a version of the extension has no such column, the name means the one here:
-- 1.9 brought toplevel, 1.11 stats_since.
SELECT
    q.queryid::text AS queryid,
    q.userid::text AS userid,
    q.toplevel,
    q.calls,
    q.ms,
    q.blocks,
    q.rows,
    q.since
FROM (SELECT true AS toplevel, NULL::timestamptz AS stats_since) AS absent
CROSS JOIN LATERAL (
    SELECT
        s.queryid,
        s.userid,
        toplevel AS toplevel,
        s.calls,
        s.total_exec_time AS ms,
        s.shared_blks_hit + s.shared_blks_read AS blocks,
        s.rows,
        stats_since AS since
    FROM "schema of pg_stat_statements".pg_stat_statements(false) AS s
    WHERE s.dbid = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database()) AND s.calls > 0
) AS q
WHERE q.queryid IS NOT NULL AND (%(queryids)s::int8 [] IS NULL OR q.queryid = ANY(%(queryids)s::int8 []))
ORDER BY q.ms DESC, q.queryid ASC
LIMIT %(limit)s
