-- What pg_stat_statements has of this database, one row for each queryid: over roles and callers added up. Our own
-- statements (marked) are left out, of the sums too. Statements that this role may not see have no queryid: one row for
-- each role of theirs.
WITH recorded AS (
    SELECT q.*
    -- Where a version of the extension has no such column, the name means the one here: 1.8 (still found on servers that
    -- were upgraded) has no toplevel, 1.10 brought temp_blk_*, 1.11 renamed blk_*_time to shared_blk_*_time and brought
    -- stats_since.
    FROM (
        SELECT
            true AS toplevel,
            NULL::float8 AS blk_read_time,
            NULL::float8 AS blk_write_time,
            0::float8 AS shared_blk_read_time,
            0::float8 AS shared_blk_write_time,
            0::float8 AS local_blk_read_time,
            0::float8 AS local_blk_write_time,
            0::float8 AS temp_blk_read_time,
            0::float8 AS temp_blk_write_time,
            NULL::timestamptz AS stats_since
    ) AS absent
    CROSS JOIN LATERAL (
        SELECT
            r.rolname AS role,
            s.userid,
            s.queryid,
            s.query,
            toplevel AS toplevel,
            s.calls,
            s.total_exec_time AS total_time,
            s.mean_exec_time AS mean_time,
            s.min_exec_time AS min_time,
            s.max_exec_time AS max_time,
            s.stddev_exec_time AS stddev_time,
            s.total_plan_time AS plan_time,
            s.rows,
            s.shared_blks_hit,
            s.shared_blks_read,
            s.shared_blks_dirtied,
            s.shared_blks_written,
            s.local_blks_read,
            s.local_blks_written,
            s.temp_blks_read,
            s.temp_blks_written,
            coalesce(blk_read_time, shared_blk_read_time + local_blk_read_time) + temp_blk_read_time
            + coalesce(blk_write_time, shared_blk_write_time + local_blk_write_time) + temp_blk_write_time AS io_time,
            s.wal_bytes::float8 AS wal_bytes,
            stats_since AS stats_since
        FROM "schema of pg_stat_statements".pg_stat_statements(true) AS s
        LEFT JOIN pg_roles AS r ON r.oid = s.userid
        WHERE s.dbid = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database())
    ) AS q
    -- calls 0: a statement that is still being executed for the first time.
    WHERE q.calls > 0
        AND q.query NOT LIKE '%%/* opsadmin */%%'
        -- What a person had us run (its mark has a number): so many calls tell that the application sends it, too.
        AND (q.query NOT LIKE '%%/* opsadmin %%*/%%' OR q.calls > 100)
        -- BEGIN, COMMIT and their like cost nothing here (what a commit does is done after it was counted), stand for no
        -- query, and are ours too, unmarked.
        AND q.query !~* '^\s*(begin|start\s+transaction|commit|end|rollback|abort|savepoint|release)\M(?!\s+prepared)'
),

-- Of nested statements (pg_stat_statements.track = all) the callers have all of it in their own numbers.
-- MATERIALIZED: the planner takes the function for a few rows, and would add all up anew for each statement.
totals AS MATERIALIZED (
    SELECT
        nullif(sum(r.total_time), 0) AS total_time,
        nullif(sum(r.shared_blks_hit + r.shared_blks_read), 0) AS accessed,
        nullif(sum(r.shared_blks_read), 0) AS read,
        nullif(sum(r.shared_blks_dirtied), 0) AS dirtied,
        nullif(sum(r.wal_bytes), 0) AS wal
    FROM recorded AS r
    WHERE r.toplevel
),

added AS MATERIALIZED (
    SELECT
        r.queryid,
        count(*) AS entries,
        array_agg(DISTINCT coalesce(r.role, 'role ' || r.userid)) AS roles,
        left(min(r.query COLLATE "C"), %(characters)s) AS sql,
        max(length(r.query)) > %(characters)s AS is_cut,
        bool_or(r.toplevel) AS toplevel,
        sum(r.calls)::int8 AS calls,
        sum(r.total_time) AS total_time,
        sum(r.total_time) / sum(r.calls) AS mean_time,
        min(r.min_time) AS min_time,
        max(r.max_time) AS max_time,
        -- The spread of all calls together: each part's own, and that of the parts' means.
        sqrt(
            greatest(
                sum(r.calls * (r.stddev_time ^ 2 + r.mean_time ^ 2)) / sum(r.calls)
                - (sum(r.total_time) / sum(r.calls)) ^ 2,
                0
            )
        ) AS stddev_time,
        sum(r.plan_time) AS plan_time,
        sum(r.rows)::int8 AS rows,
        sum(r.shared_blks_hit)::int8 AS shared_blks_hit,
        sum(r.shared_blks_read)::int8 AS shared_blks_read,
        sum(r.shared_blks_dirtied)::int8 AS shared_blks_dirtied,
        sum(r.shared_blks_written)::int8 AS shared_blks_written,
        sum(r.temp_blks_read)::int8 AS temp_blks_read,
        sum(r.temp_blks_written)::int8 AS temp_blks_written,
        sum(
            r.shared_blks_read + r.shared_blks_written + r.local_blks_read + r.local_blks_written + r.temp_blks_read
            + r.temp_blks_written
        )::int8 AS io_blks,
        sum(r.io_time) AS io_time,
        sum(r.wal_bytes)::int8 AS wal_bytes,
        min(r.stats_since) AS stats_since
    FROM recorded AS r
    WHERE %(role)s::text IS NULL OR r.role = %(role)s
    GROUP BY r.queryid, CASE WHEN r.queryid IS NULL THEN r.userid END
),

shares AS (
    SELECT
        a.*,
        a.total_time / t.total_time AS share,
        (a.shared_blks_hit + a.shared_blks_read) / t.accessed AS accessed_share,
        a.shared_blks_read / t.read AS read_share,
        a.shared_blks_dirtied / t.dirtied AS dirtied_share,
        a.wal_bytes / t.wal AS wal_share
    FROM added AS a
    CROSS JOIN totals AS t
)

SELECT
    s.*,
    count(*) OVER () AS found,
    current_setting('block_size')::int AS block_size,
    i.stats_reset,
    i.dealloc,
    now() AS now
FROM "information of pg_stat_statements" AS i
CROSS JOIN shares AS s
WHERE s.calls >= %(min_calls)s
    AND (%(queryid)s::int8 IS NULL OR s.queryid = %(queryid)s)
    -- Of those that cannot be read nobody knows whether they hold the text.
    AND (%(text)s::text IS NULL OR s.queryid IS NULL OR position(lower(%(text)s) IN lower(s.sql)) > 0)
    AND (
        %(sort_by)s <> 'resources'
        OR greatest(s.share, s.accessed_share, s.read_share, s.dirtied_share, s.wal_share) >= %(resources_share)s
    )
ORDER BY
    CASE %(sort_by)s
        WHEN 'total_time' THEN s.total_time
        WHEN 'mean_time' THEN s.mean_time
        WHEN 'max_time' THEN s.max_time
        WHEN 'calls' THEN s.calls
        WHEN 'rows' THEN s.rows
        WHEN 'io' THEN s.io_time
        WHEN 'wal' THEN s.wal_bytes
        WHEN 'resources' THEN greatest(s.share, s.accessed_share, s.read_share, s.dirtied_share, s.wal_share)
    END DESC,
    CASE WHEN %(sort_by)s = 'io' THEN s.io_blks ELSE s.total_time END DESC,
    s.queryid ASC
LIMIT %(limit)s OFFSET %(offset)s
