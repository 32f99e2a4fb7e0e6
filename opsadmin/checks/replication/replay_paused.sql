-- title: Replay of this standby paused
-- severity: warning
-- needs: standby
-- says: Replay of {object} is paused at {lsn}; {pending_bytes} of WAL that it received wait.
-- why: Its readers see data that gets older, and WAL piles up here.
-- hint: Somebody paused it by hand, or a setting of the primary is too large for this standby: see its log.
-- fix: SELECT pg_wal_replay_resume();
-- source: PostgreSQL documentation, Recovery Control Functions
-- examined: one standby
SELECT
    'this standby' AS object,
    pg_last_wal_replay_lsn()::text AS lsn,
    greatest(pg_wal_lsn_diff(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn()), 0)::float8 AS pending_bytes
-- Elsewhere the question itself is an error.
WHERE CASE WHEN pg_is_in_recovery() THEN pg_is_wal_replay_paused() ELSE FALSE END
