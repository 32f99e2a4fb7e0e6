-- Partitioned tables with how many partitions each has, foreign ones too, and its default partition.
SELECT
    t.oid,
    t.object,
    p.partstrat AS strategy,
    p.partdefid AS default_oid,
    count(i.inhrelid) AS partitions
FROM tables AS t
INNER JOIN pg_partitioned_table AS p ON p.partrelid = t.oid
LEFT JOIN pg_inherits AS i ON i.inhparent = t.oid
GROUP BY t.oid, t.object, p.partstrat, p.partdefid
