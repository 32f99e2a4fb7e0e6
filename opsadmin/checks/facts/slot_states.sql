-- What only newer versions say of a replication slot; before PostgreSQL 16 the status of its WAL is all there is.
SELECT
    s.slot_name AS name,
    coalesce(s.wal_status = 'lost', FALSE) AS is_lost,
    'the WAL it needs was removed' AS why_lost,
    NULL::float8 AS inactive_seconds,
    FALSE AS is_synced
FROM pg_replication_slots AS s
