-- Replication slots and how many transactions old the rows are that each keeps: of all tables (`xmin_age`), of the system
-- catalogs alone (`catalog_xmin_age`). A temporary one goes with its session.
SELECT
    s.slot_name AS name,
    s.slot_type AS kind,
    s.active AS is_active,
    age(s.xmin) AS xmin_age,
    age(s.catalog_xmin) AS catalog_xmin_age
FROM pg_replication_slots AS s
WHERE NOT s.temporary
