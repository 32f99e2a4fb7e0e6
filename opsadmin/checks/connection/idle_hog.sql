-- title: Many idle sessions of one application
-- severity: warning
-- needs: role pg_read_all_stats
-- threshold: warning_sessions = 20; idle ones (our choice: PgBouncer's default_pool_size)
-- threshold: warning_percent = 10 %; of the connections there are for applications (our choice)
-- threshold: idle_seconds = 5 s; since its last statement; a pool in use takes turns faster (our choice)
-- threshold: surplus_seconds = 10 min; idle for that long, the fix ends a session (our choice)
-- says: {idle} sessions of {object} do nothing: {share_percent} of the {usable} connections there are; the longest idle
--   is pid {pid}, for {longest_seconds}.
-- why: Each takes a connection and its memory from those who need one.
-- hint: Make the application's pool smaller or close what it leaks; a pooler such as PgBouncer serves many with few.
-- source: our choice
-- examined: {sessions} sessions
WITH idle AS (
    SELECT
        coalesce(quote_ident(s.role), 'unknown') AS role,
        s.role AS plain_role,
        s.application,
        count(*) AS idle,
        max(s.state_seconds) AS longest_seconds,
        (array_agg(s.pid ORDER BY s.state_seconds DESC))[1] AS pid,
        grouping(s.application) = 1 AS is_whole_role
    FROM sessions AS s
    WHERE s.state = 'idle' AND s.state_seconds >= :idle_seconds
    GROUP BY GROUPING SETS ((s.role, s.application), (s.role))
),

many AS (
    SELECT
        i.*,
        u.usable,
        100.0 * i.idle / u.usable AS share_percent
    FROM idle AS i
    CROSS JOIN usable_connections AS u
    WHERE i.idle >= :warning_sessions AND 100.0 * i.idle / u.usable >= :warning_percent
)

SELECT
    CASE WHEN m.is_whole_role THEN 'role ' || m.role ELSE format('%s (role %s)', m.application, m.role) END AS object,
    m.idle,
    m.usable,
    m.share_percent,
    m.longest_seconds,
    m.pid,
    format(
        'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = %L%s AND state = ''idle'''
        ' AND state_change < now() - interval ''%s seconds'';',
        m.plain_role,
        CASE WHEN m.is_whole_role THEN '' ELSE format(' AND application_name = %L', m.application) END,
        :surplus_seconds
    ) AS fix_sql,
    m.idle AS weight
FROM many AS m
WHERE NOT (m.is_whole_role AND EXISTS (SELECT 1 FROM many AS o WHERE o.role = m.role AND NOT o.is_whole_role))
