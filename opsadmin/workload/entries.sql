-- What pg_stat_statements has counted for this database, one row for each role, statement and place of call; without texts.
-- Our own statements (marked) and those that only begin and end transactions are left out, and what the role may not see. Where
-- a version of the extension has no such column, the name means the one here: 1.8 has no toplevel, 1.11 renamed blk_*_time to
-- shared_blk_*_time and brought stats_since.
SELECT
    q.queryid::text AS queryid,
    q.userid::text AS userid,
    coalesce(q.role, 'role ' || q.userid) AS role,
    q.toplevel,
    q.calls,
    q.ms,
    q.rows,
    q.hit,
    q.read,
    q.temp,
    q.io_ms,
    q.wal_bytes,
    q.plan_ms,
    q.max_ms,
    coalesce(q.since, i.stats_reset) AS since
FROM (
    SELECT
        true AS toplevel,
        NULL::float8 AS blk_read_time,
        NULL::float8 AS blk_write_time,
        0::float8 AS shared_blk_read_time,
        0::float8 AS shared_blk_write_time,
        0::float8 AS temp_blk_read_time,
        0::float8 AS temp_blk_write_time,
        NULL::timestamptz AS stats_since
) AS absent
CROSS JOIN LATERAL (
    SELECT
        s.queryid,
        s.userid,
        r.rolname AS role,
        toplevel AS toplevel,
        s.calls,
        s.total_exec_time AS ms,
        s.rows,
        s.shared_blks_hit AS hit,
        s.shared_blks_read AS read,
        s.temp_blks_written AS temp,
        coalesce(blk_read_time, shared_blk_read_time) + coalesce(blk_write_time, shared_blk_write_time)
        + temp_blk_read_time + temp_blk_write_time AS io_ms,
        s.wal_bytes::float8 AS wal_bytes,
        s.total_plan_time AS plan_ms,
        s.max_exec_time AS max_ms,
        stats_since AS since,
        s.query
    FROM "schema of pg_stat_statements".pg_stat_statements(true) AS s
    LEFT JOIN pg_roles AS r ON r.oid = s.userid
    WHERE s.dbid = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database())
) AS q
CROSS JOIN "information of pg_stat_statements" AS i
WHERE q.queryid IS NOT NULL AND q.calls > 0
    AND q.query NOT LIKE '%%/* opsadmin */%%'
    -- What a person had us run (its mark has a number): so many calls tell that the application sends it, too.
    AND (q.query NOT LIKE '%%/* opsadmin %%*/%%' OR q.calls > 100)
    AND q.query !~* '^\s*(begin|start\s+transaction|commit|end|rollback|abort|savepoint|release)\M(?!\s+prepared)'
ORDER BY q.ms DESC, q.queryid ASC, q.userid ASC
LIMIT %(limit)s
