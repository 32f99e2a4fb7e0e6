-- Errors of each subscription: before PostgreSQL 15 nobody counted.
SELECT
    s.oid,
    NULL::int8 AS apply_errors,
    NULL::int8 AS sync_errors
FROM pg_subscription AS s
