-- title: Lost replication slot
-- severity: critical
-- says: The {kind} slot {object} is lost: {why_lost}.
-- why: Its standby or subscriber can never go on from where it stopped and must be set up anew.
-- hint: Drop it and set its reader up anew, from a fresh copy; give max_slot_wal_keep_size more room if its reader was
--   only late.
-- fix: SELECT pg_drop_replication_slot({literal});
-- source: PostgreSQL documentation, pg_replication_slots.wal_status
-- examined: {slots} replication slots
SELECT
    s.name AS object,
    quote_literal(s.name) AS literal,
    s.kind || coalesce(' (' || s.database || ')', '') AS kind,
    s.why_lost
FROM slots AS s
WHERE s.is_lost
