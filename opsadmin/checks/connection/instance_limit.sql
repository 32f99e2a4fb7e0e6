-- title: Connections of the server nearly used up
-- severity: warning
-- threshold: warning_percent = 80 %; of the connections that are not reserved for superusers (our choice; check_postgres
--   warns from 90 % on)
-- threshold: critical_percent = 90 %; of the same (our choice; check_postgres calls 95 % critical)
-- says: {used} of {usable} connections are taken ({used_percent}), most by {biggest}; {setting} less what is reserved is
--   all there are.
-- why: When the last one is taken, every further request fails with "too many clients already".
-- hint: Put a pooler in front or make the pools smaller; more connections cost memory and need a restart.
-- source: PostgreSQL documentation, max_connections
-- examined: {backends} processes of the server
WITH taken AS (
    SELECT
        b.role,
        b.application,
        count(*) AS sessions
    FROM backends AS b
    WHERE b.is_client
    GROUP BY b.role, b.application
),

summed AS (
    SELECT
        sum(t.sessions)::int8 AS used,
        (array_agg(format('%s (role %s, %s)', t.application, quote_ident(t.role), t.sessions) ORDER BY t.sessions DESC))[1] AS biggest
    FROM taken AS t
)

SELECT
    'max_connections' AS object,
    s.used,
    u.usable,
    100.0 * s.used / u.usable AS used_percent,
    s.biggest,
    'max_connections = ' || u.all_of_them AS setting,
    CASE WHEN 100.0 * s.used / u.usable >= :critical_percent THEN 'critical' ELSE 'warning' END AS severity
FROM summed AS s
CROSS JOIN usable_connections AS u
WHERE 100.0 * s.used / u.usable >= :warning_percent
