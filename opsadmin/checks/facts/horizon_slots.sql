-- Replication slots and how many transactions old the rows are that each keeps: of all tables (`xmin_age`), of the system
-- catalogs alone (`catalog_xmin_age`). `is_caught_up`: somebody reads it and has confirmed all but one segment's worth of
-- WAL. A temporary one goes with its session.
SELECT
    s.slot_name AS name,
    s.slot_type AS kind,
    s.active AS is_active,
    age(s.xmin) AS xmin_age,
    age(s.catalog_xmin) AS catalog_xmin_age,
    coalesce(
        s.active
        AND pg_wal_lsn_diff(
            CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END,
            s.confirmed_flush_lsn
        ) < 16777216,
        false
    ) AS is_caught_up
FROM pg_replication_slots AS s
WHERE NOT s.temporary
