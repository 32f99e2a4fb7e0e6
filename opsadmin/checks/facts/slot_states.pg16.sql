-- As before PostgreSQL 16, and a logical slot of a standby that lost rows it needs to the primary's VACUUM.
SELECT
    s.slot_name AS name,
    coalesce(s.wal_status = 'lost' OR s.conflicting, FALSE) AS is_lost,
    CASE WHEN s.conflicting THEN 'it conflicts with recovery' ELSE 'the WAL it needs was removed' END AS why_lost,
    NULL::float8 AS inactive_seconds,
    FALSE AS is_synced
FROM pg_replication_slots AS s
