-- title: Replication slot that holds VACUUM back
-- severity: warning
-- threshold: idle_age = 10; transactions, of a slot that nobody reads (our choice)
-- threshold: age = 1 million; transactions, of any slot (our choice)
-- threshold: critical_age = 100 million; transactions (our choice: half of autovacuum_freeze_max_age's built-in value)
-- says: {object} ({kind}, {in_use}) keeps dead rows {of_what} for {age_now} transactions{waiting}.
-- why: No VACUUM may remove them while the slot stands, and transaction ids grow old with them.
-- hint: Let its reader catch up; drop the slot if nobody reads it any more.
-- fix: SELECT pg_drop_replication_slot({name});
-- source: PostgreSQL documentation, pg_replication_slots.xmin and catalog_xmin
-- examined: {horizon_slots} replication slots
SELECT
    s.name AS object,
    quote_literal(s.name) AS name,
    s.kind,
    CASE WHEN s.is_active THEN 'in use' ELSE 'not in use' END AS in_use,
    CASE WHEN s.xmin_age IS NULL THEN 'of the system catalogs' ELSE 'of all tables' END AS of_what,
    greatest(s.xmin_age, s.catalog_xmin_age) AS age_now,
    CASE WHEN s.xmin_age IS NOT NULL AND d.rows > 0 THEN format('; of the %s dead rows here, those deleted since must stay', ltrim(to_char(d.rows, '999 999 999 999 990'))) ELSE '' END AS waiting,
    CASE WHEN s.is_active THEN '' END AS fix_sql,
    CASE WHEN greatest(s.xmin_age, s.catalog_xmin_age) >= :critical_age THEN 'critical' END AS severity,
    greatest(s.xmin_age, s.catalog_xmin_age) AS weight
FROM horizon_slots AS s
CROSS JOIN dead_total AS d
-- What an active reader has confirmed is not its doing: an older transaction keeps the slot from moving on.
WHERE (s.xmin_age IS NOT NULL OR NOT s.is_caught_up)
    AND greatest(s.xmin_age, s.catalog_xmin_age) >= CASE WHEN s.is_active THEN :age ELSE :idle_age END
