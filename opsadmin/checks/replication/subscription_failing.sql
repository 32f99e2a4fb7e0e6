-- title: Subscription whose worker fails
-- severity: critical
-- threshold: young_seconds = 1 min; of a worker's life: after an error a younger one has just been started again (our
--   choice)
-- says: Subscription {object} of database {database} is enabled, and {worker}{errors}.
-- why: Its tables no longer follow the publisher, whose slot keeps WAL for it without end.
-- hint: The server's log has the error of each attempt: a conflicting row, a missing table or column, or no connection.
-- source: PostgreSQL documentation, pg_stat_subscription and pg_stat_subscription_stats
-- examined: {subscriptions} subscriptions
SELECT
    s.name AS object,
    s.database,
    CASE s.appliers
        WHEN 0 THEN 'no worker of it hears from its publisher'
        ELSE 'its worker was started again ' || round(s.oldest_seconds) || ' s ago'
    END AS worker,
    coalesce('; ' || nullif(s.apply_errors + s.sync_errors, 0) || ' errors so far', '') AS errors
FROM subscriptions AS s
WHERE s.is_enabled
    AND (s.appliers = 0 OR (s.apply_errors > 0 AND s.oldest_seconds < :young_seconds))
