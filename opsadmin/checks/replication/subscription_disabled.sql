-- title: Disabled subscription
-- severity: warning
-- says: Subscription {object} of database {database} is disabled{after_errors}.
-- why: Its tables no longer follow the publisher, whose slot keeps WAL for it without end.
-- hint: Enable it again, or drop it together with its slot at the publisher.
-- fix: ALTER SUBSCRIPTION {object} ENABLE;
-- source: PostgreSQL documentation, ALTER SUBSCRIPTION
-- examined: {subscriptions} subscriptions
SELECT
    s.name AS object,
    s.database,
    CASE WHEN s.apply_errors + s.sync_errors > 0
            THEN format(' after %s errors; it may be set to stop at the first one', s.apply_errors + s.sync_errors)
        ELSE ''
    END AS after_errors,
    CASE
        WHEN s.slot IS NULL THEN 'It has no slot: set one that exists at the publisher (slot_name), enable it, or drop it.'
        WHEN NOT s.is_here THEN 'Enable it again in its own database, or drop it together with its slot at the publisher.'
    END AS hint,
    CASE WHEN s.slot IS NULL OR NOT s.is_here THEN '' END AS fix_sql
FROM subscriptions AS s
WHERE NOT s.is_enabled
