-- One row about the server: its connections, its idle sessions in groups, and what keeps VACUUM of this database from
-- removing dead rows. The facts of the health checks stand before it.
SELECT
    current_setting('max_connections')::int AS max_connections,
    (
        SELECT count(*)::int
        FROM pg_stat_activity AS a
        WHERE coalesce(a.backend_type, 'client backend') = 'client backend' AND a.datid IS NOT NULL
    ) AS connections,
    (
        SELECT coalesce(json_agg(g ORDER BY g.sessions DESC, g.role ASC, g.application ASC), '[]')
        FROM (
            SELECT
                a.usename AS role,
                a.application_name AS application,
                a.datname AS database,
                coalesce(host(a.client_addr), 'socket') AS address,
                count(*)::int AS sessions,
                max(extract(epoch FROM clock_timestamp() - a.state_change))::float8 AS longest_seconds,
                bool_or(
                    a.application_name IN ('opsadmin', 'opsadmin console') OR a.query LIKE '%/* opsadmin %'
                ) AS is_ours
            FROM pg_stat_activity AS a
            WHERE a.backend_type = 'client backend' AND a.state = 'idle' AND a.pid <> pg_backend_pid()
            GROUP BY a.usename, a.application_name, a.datname, a.client_addr
        ) AS g
    ) AS idle,
    (
        SELECT coalesce(json_agg(h ORDER BY h.age DESC, h.object ASC), '[]')
        FROM horizon AS h
    ) AS holders
