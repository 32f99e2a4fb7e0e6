-- title: Replication slot far behind
-- severity: warning
-- threshold: warning_bytes = 1 GB; of WAL that its reader has not confirmed (our choice: max_wal_size's built-in value)
-- threshold: critical_bytes = 10 GB; of the same (our choice)
-- threshold: warning_percent = 50 %; of max_slot_wal_keep_size (our choice)
-- threshold: critical_percent = 80 %; of max_slot_wal_keep_size (our choice)
-- says: The reader of the {kind} slot {object} (pid {active_pid}) is {behind_bytes} of WAL behind; the slot keeps
--   {kept_bytes}{limited}.
-- why: The WAL stays on this server's disk until it is read, and a slot that reaches its limit is lost.
-- hint: See what holds its reader up: its disk, its network, a long transaction that it has to decode.
-- source: PostgreSQL documentation, pg_replication_slots.wal_status
-- examined: {slots} replication slots
SELECT
    s.name AS object,
    s.kind || coalesce(' (' || s.database || ')', '') AS kind,
    s.active_pid,
    s.behind_bytes,
    s.kept_bytes,
    CASE
        WHEN s.wal_status = 'unreserved' THEN ', and loses it at the next checkpoint'
        WHEN s.limit_bytes IS NOT NULL THEN ' of the ' || pg_size_pretty(s.limit_bytes::int8) || ' that may be kept'
        ELSE ''
    END AS limited,
    CASE
        WHEN s.wal_status = 'unreserved' OR s.behind_bytes >= :critical_bytes
            OR 100 * s.kept_bytes >= s.limit_bytes * :critical_percent THEN 'critical'
        ELSE 'warning'
    END AS severity,
    CASE
        WHEN s.kept_bytes > 2 * s.behind_bytes
            THEN
                'Its reader is not what holds it: an old transaction is, whose changes must be decoded once it ends. '
                || 'End that one (vacuum.old_snapshot, vacuum.prepared_transaction), or raise max_slot_wal_keep_size.'
    END AS hint,
    s.kept_bytes AS weight
FROM slots AS s
WHERE s.is_active AND NOT s.is_lost
    AND (
        s.wal_status = 'unreserved' OR s.behind_bytes >= :warning_bytes
        OR (s.wal_status = 'extended' AND 2 * s.behind_bytes >= s.kept_bytes)
        OR 100 * s.kept_bytes >= s.limit_bytes * :warning_percent
    )
