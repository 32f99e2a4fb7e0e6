-- title: Replication slot that nobody reads
-- severity: warning
-- threshold: inactive_seconds = 1 min; without a reader, where the server says (PostgreSQL 17 on), else at once: a slot
--   keeps WAL from then on, without end (our choice)
-- threshold: critical_bytes = 10 GB; of WAL kept (our choice)
-- threshold: critical_percent = 50 %; of max_slot_wal_keep_size (our choice)
-- says: Nobody reads the {kind} slot {object}{since}; it keeps {kept_bytes} of WAL and {limited}.
-- why: WAL piles up until the disk is full and the server stops, or until the slot is lost.
-- hint: Start the standby or subscriber that reads it; drop the slot if it will not come back.
-- fix: SELECT pg_drop_replication_slot({literal});
-- source: PostgreSQL documentation, 27.2.6 Replication Slots, caution on inactive slots
-- examined: {slots} replication slots
SELECT
    s.name AS object,
    quote_literal(s.name) AS literal,
    s.kind || coalesce(' (' || s.database || ')', '') AS kind,
    coalesce(' since ' || round(s.inactive_seconds) || ' s', '') AS since,
    s.kept_bytes,
    CASE
        WHEN s.wal_status = 'unreserved' THEN 'is about to lose it at the next checkpoint'
        WHEN s.limit_bytes IS NULL THEN 'max_slot_wal_keep_size sets no limit to that'
        ELSE 'max_slot_wal_keep_size lets it keep ' || pg_size_pretty(s.limit_bytes::int8)
    END AS limited,
    CASE
        WHEN s.wal_status = 'unreserved' OR s.kept_bytes >= :critical_bytes
            OR 100 * s.kept_bytes >= s.limit_bytes * :critical_percent THEN 'critical'
        ELSE 'warning'
    END AS severity,
    s.kept_bytes AS weight
FROM slots AS s
WHERE NOT s.is_active AND NOT s.is_lost AND NOT s.is_synced AND s.kept_bytes IS NOT NULL
    AND coalesce(s.inactive_seconds, :inactive_seconds) >= :inactive_seconds
