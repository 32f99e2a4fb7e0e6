-- What a scraper asks of the server beside its health: one statement, no lock on any table, nothing that grows with the
-- files on disk. A role that may not see other sessions gets them as 'hidden'.
WITH sessions AS (
    SELECT
        coalesce(activity.state, 'hidden') AS state,
        activity.xact_start,
        activity.pid = pg_backend_pid() AS ours
    FROM pg_stat_activity AS activity
    WHERE activity.datid IS NOT NULL AND coalesce(activity.backend_type, 'client backend') = 'client backend'
),

states AS (
    SELECT
        sessions.state,
        count(*) AS sessions
    FROM sessions
    GROUP BY sessions.state
)

SELECT
    -- Text: each project's connection has its own idea of what to make of JSON.
    (SELECT json_object_agg(states.state, states.sessions)::text FROM states) AS connections,
    current_setting('max_connections')::integer AS connections_max,
    (
        SELECT extract(EPOCH FROM clock_timestamp() - min(sessions.xact_start))::double precision
        FROM sessions
        WHERE NOT sessions.ours
    ) AS oldest_transaction_seconds,
    (SELECT max(age(base.datfrozenxid)) FROM pg_database AS base) AS transaction_id_age,
    (SELECT max(mxid_age(base.datminmxid)) FROM pg_database AS base) AS multixact_id_age,
    (
        SELECT sum(relation.relpages::bigint) * current_setting('block_size')::bigint
        FROM pg_class AS relation
        WHERE relation.relkind IN ('r', 'm', 't', 'i')
    )::bigint AS size_estimate_bytes
