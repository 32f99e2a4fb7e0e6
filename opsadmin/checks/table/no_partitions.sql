-- title: Partitioned table without partitions
-- severity: critical
-- says: {object} is partitioned and has no partition.
-- why: Every insert into it fails.
-- hint: Create its partitions; see why the job that does so did not.
-- source: PostgreSQL documentation, "Table Partitioning"
-- examined: {partitioned} partitioned tables
SELECT
    p.object,
    1 AS weight
FROM partitioned AS p
WHERE p.partitions = 0
