-- From PostgreSQL 17 on a slot says why it was invalidated, since when nobody uses it, and whether it is a standby's copy of
-- its primary's slot, which nobody uses by design.
SELECT
    s.slot_name AS name,
    s.invalidation_reason IS NOT NULL OR coalesce(s.wal_status = 'lost', FALSE) AS is_lost,
    CASE s.invalidation_reason
        WHEN 'rows_removed' THEN 'rows it needs were removed'
        WHEN 'wal_level_insufficient' THEN 'wal_level became too low for it'
        WHEN 'idle_timeout' THEN 'nobody used it for longer than idle_replication_slot_timeout'
        ELSE 'the WAL it needs was removed'
    END AS why_lost,
    extract(epoch FROM clock_timestamp() - s.inactive_since)::float8 AS inactive_seconds,
    s.synced AS is_synced
FROM pg_replication_slots AS s
