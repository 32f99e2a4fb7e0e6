-- Up to where there is WAL on this server (one row): what a standby received, what a primary wrote.
SELECT
    CASE
        WHEN pg_is_in_recovery() THEN greatest(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn())
        ELSE pg_current_wal_lsn()
    END AS lsn
