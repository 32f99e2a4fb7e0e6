-- title: Subscribed table that is not copied
-- severity: warning
-- says: {object} is {state} since it was subscribed to by {subscription}, and no worker copies it{errors}.
-- why: It lacks the publisher's rows, and changes of it are not applied before it has them.
-- hint: The server's log has the error of each attempt; an empty table and a free worker
--   (max_sync_workers_per_subscription) are what it needs.
-- source: PostgreSQL documentation, pg_subscription_rel
-- examined: {subscriptions} subscriptions
SELECT
    format('%I.%I', n.nspname, c.relname) AS object,
    s.name AS subscription,
    CASE r.srsubstate WHEN 'i' THEN 'waiting for its first copy' ELSE 'half copied' END AS state,
    coalesce('; ' || nullif(s.sync_errors, 0) || ' copies failed', '') AS errors,
    CASE s.appliers WHEN 0 THEN s.name END AS caused_by
FROM subscriptions AS s
INNER JOIN pg_subscription_rel AS r ON r.srsubid = s.oid
INNER JOIN pg_class AS c ON c.oid = r.srrelid
INNER JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE s.is_enabled AND r.srsubstate IN ('i', 'd', 'f') AND (s.copiers = 0 OR s.sync_errors > 0)
