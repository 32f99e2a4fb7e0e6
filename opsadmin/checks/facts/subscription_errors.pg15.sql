-- Errors of each subscription since its counters were made or reset.
SELECT
    s.subid AS oid,
    s.apply_error_count AS apply_errors,
    s.sync_error_count AS sync_errors
FROM pg_stat_subscription_stats AS s
