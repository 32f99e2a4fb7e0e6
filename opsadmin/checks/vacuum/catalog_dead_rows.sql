-- title: Dead rows in a system catalog
-- severity: warning
-- threshold: min_rows = 10 k; dead rows (our choice)
-- threshold: dead_percent = 50 %; of all rows (our choice)
-- says: {object} has {dead} dead rows, {now_percent} of all.
-- why: Every statement looks things up there, so all of them get slower, also those on tables in good order.
-- hint: Look for a job that makes and drops many (temporary) tables, and for a logical replication slot that nobody reads.
-- fix: VACUUM {object};
-- lock: SHARE UPDATE EXCLUSIVE on {object}; reading and writing go on
-- source: PostgreSQL documentation, "Recovering Disk Space"
-- examined: {catalogs} system catalogs
SELECT
    c.object,
    c.dead,
    c.dead * 100.0 / (c.live + c.dead) AS now_percent,
    CASE WHEN NOT g.is_on THEN 'autovacuum' ELSE '' END AS caused_by,
    c.dead AS weight
FROM catalogs AS c
CROSS JOIN autovacuum AS g
WHERE c.dead >= :min_rows AND c.dead * 100 >= :dead_percent * (c.live + c.dead)
