-- title: Many indexes on a table that is written a lot
-- severity: warning
-- threshold: min_indexes = 8; on one table (our choice)
-- threshold: min_writes = 10 k; rows since the counters began that every index had to take in (our choice)
-- says: {object} has {indexes} indexes, and {writes} written rows went into each of them, against {reads} reads.
-- why: Every INSERT, and every UPDATE that is not HOT, writes to each of the indexes.
-- hint: Look which of them are used (get_object_details), and drop or join the others.
-- source: PostgreSQL documentation, 11.1 Indexes, Introduction; 73.7 Heap-Only Tuples
-- examined: {tables} tables

-- A partitioned table is told once, by its partition with the most indexes.
WITH crowded AS (
    SELECT x.table_oid, count(*) AS number, sum(x.scans) AS scans
    FROM indexes AS x
    WHERE x.is_ready AND x.kind <> 'I'
    GROUP BY x.table_oid
    HAVING count(*) >= :min_indexes
)

SELECT
    min(coalesce(t.root_object, t.object)) AS object,
    max(c.number) AS indexes,
    sum(t.inserted + t.updated - t.hot_updated)::int8 AS writes,
    sum(t.seq_scans + c.scans)::int8 AS reads,
    sum((t.inserted + t.updated - t.hot_updated) * c.number)::int8 AS weight
FROM crowded AS c
INNER JOIN tables AS t ON t.oid = c.table_oid
GROUP BY t.root
HAVING sum(t.inserted + t.updated - t.hot_updated) >= :min_writes
    AND sum(t.inserted + t.updated - t.hot_updated) > sum(t.seq_scans + c.scans)
