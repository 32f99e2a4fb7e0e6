-- What statements of this database cost, one row for each that a role sent: those of %(queryids)s, and the %(most)s that cost
-- the most. Without their texts, which are in a file. What this role may not see has no queryid. Where a version of the
-- extension has no such column, the name means the one here: 1.9 brought toplevel, 1.11 stats_since.
WITH counted AS (
    SELECT
        q.*,
        row_number() OVER (ORDER BY q.ms DESC, q.queryid ASC) AS place
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
            coalesce(stats_since, i.stats_reset) AS since
        FROM "information of pg_stat_statements" AS i
        -- The argument is false, and must be known first: what is set back after the look at that time shows by itself, for the
        -- counters are smaller then.
        CROSS JOIN LATERAL "schema of pg_stat_statements".pg_stat_statements(coalesce(i.stats_reset > 'infinity', false)) AS s
        WHERE s.dbid = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database()) AND s.calls > 0
    ) AS q
    WHERE q.queryid IS NOT NULL
)

SELECT
    c.queryid::text AS queryid,
    c.userid::text AS userid,
    c.toplevel,
    c.calls,
    c.ms,
    c.blocks,
    c.rows,
    c.since,
    c.place,
    clock_timestamp() AS clock
FROM counted AS c
WHERE c.place <= %(most)s OR c.queryid = ANY(%(queryids)s::int8 [])
ORDER BY c.place
