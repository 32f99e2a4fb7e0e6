-- Replication slots that outlive their session, with the WAL that each keeps (NULL where it keeps none yet), and how far
-- its reader is behind: a logical slot also keeps what an old transaction of this server began with, read or not.
-- `limit_bytes`: max_slot_wal_keep_size, NULL where that is unlimited. Neon's own slot is not a person's.
SELECT
    s.slot_name AS name,
    s.slot_type AS kind,
    s.database,
    s.active AS is_active,
    s.active_pid,
    s.wal_status,
    CASE WHEN s.restart_lsn IS NOT NULL THEN greatest(pg_wal_lsn_diff(w.lsn, s.restart_lsn), 0)::float8 END AS kept_bytes,
    CASE
        WHEN s.restart_lsn IS NOT NULL
            THEN greatest(pg_wal_lsn_diff(w.lsn, coalesce(s.confirmed_flush_lsn, s.restart_lsn)), 0)::float8
    END AS behind_bytes,
    CASE WHEN l.setting::int8 >= 0 THEN l.setting::float8 * 1024 * 1024 END AS limit_bytes,
    t.is_lost,
    t.why_lost,
    t.inactive_seconds,
    t.is_synced
FROM pg_replication_slots AS s
INNER JOIN slot_states AS t ON t.name = s.slot_name
INNER JOIN settings AS l ON l.name = 'max_slot_wal_keep_size'
CROSS JOIN wal_end AS w
WHERE NOT s.temporary AND s.slot_name <> 'wal_proposer_slot'
