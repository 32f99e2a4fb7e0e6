-- title: Unused index
-- severity: warning
-- needs: primary
-- threshold: min_age_seconds = 7 d; the counters must have run that long (our choice: a weekly report may be what needs it)
-- threshold: min_reads = 20; on a younger server, of counters that know its whole life: reads of the table that passed the
--   index by (our choice)
-- threshold: min_bytes = 32 kB; smaller ones cost next to nothing (our choice)
-- says: {object} ({size_bytes}) on {table_object} was not used once in {age_seconds}, while the table was read {reads}
--   times in other ways.
-- why: Every write pays for it, and it takes room in memory and in backups.
-- hint: Drop it, unless it was made only lately, which PostgreSQL does not tell{elsewhere}.
-- fix: DROP INDEX CONCURRENTLY {object};
-- lock: SHARE UPDATE EXCLUSIVE on {table_object}
-- source: PostgreSQL documentation, pg_stat_all_indexes.idx_scan
-- examined: {indexes} indexes, by counters of {days_counted} whole days

-- What guards something (unique, exclusion, replica identity) works without being read, and an expression's index gives
-- the planner its statistics. What alone serves a foreign key is read by no query, until a DELETE in what it refers to
-- needs it. Partitions' indexes are judged together, by their parent's name.
WITH by_table AS (
    SELECT
        x.table_oid,
        -- Looking up what a foreign key refers to is nobody's query, and making an index reads the table once.
        greatest(max(x.table_seq_scans) - count(*), 0) + coalesce(sum(x.scans) FILTER (WHERE NOT x.is_referenced), 0) AS reads
    FROM indexes AS x
    GROUP BY x.table_oid
),

candidates AS (
    SELECT x.*, b.reads
    FROM indexes AS x
    INNER JOIN by_table AS b ON b.table_oid = x.table_oid
    WHERE (x.is_partition OR x.scans = 0 AND x.bytes >= :min_bytes)
        AND x.kind <> 'I' AND x.is_valid AND x.table_rows > 0
        AND NOT (x.is_unique OR x.is_exclusion OR x.is_replica_identity OR x.is_clustered)
        AND x.expressions IS NULL
),

-- Of several that would do, the one to keep: a guarding one, one that is read, the narrowest.
serving AS (
    SELECT x.root
    FROM indexes AS x
    WHERE x.oid IN (
        SELECT DISTINCT ON (k.oid) k.index_oid
        FROM key_indexes AS k
        INNER JOIN indexes AS y ON y.oid = k.index_oid
        WHERE k.is_served AND k.table_oid IN (SELECT c.table_oid FROM candidates AS c)
        ORDER BY k.oid ASC, y.is_unique DESC, y.scans > 0 DESC, y.column_count ASC, k.index_oid ASC
    )
),

idle AS (
    SELECT
        min(coalesce(x.root_object, x.object)) AS object,
        min(coalesce(x.root_table_object, x.table_object)) AS table_object,
        count(x.root_object) > 0 AS is_partitioned,
        sum(x.bytes)::int8 AS size_bytes,
        sum(x.reads)::int8 AS reads
    FROM candidates AS x
    WHERE x.root NOT IN (SELECT s.root FROM serving AS s)
    GROUP BY x.root
    HAVING sum(x.scans) = 0 AND sum(x.bytes) >= :min_bytes
)

SELECT
    i.object,
    i.table_object,
    i.size_bytes,
    i.size_bytes AS weight,
    i.reads,
    c.age_seconds,
    CASE
        WHEN EXISTS (SELECT FROM pg_stat_replication)
            OR EXISTS (SELECT FROM pg_replication_slots AS s WHERE s.slot_type = 'physical')
            THEN ', or a standby uses it: each counts for itself, so look there too'
        ELSE ''
    END AS elsewhere,
    CASE WHEN i.is_partitioned THEN format('DROP INDEX %s;', i.object) END AS fix_sql,
    CASE WHEN i.is_partitioned THEN format('ACCESS EXCLUSIVE on %s and its partitions', i.table_object) END AS lock
FROM idle AS i
CROSS JOIN counters AS c
WHERE c.age_seconds >= :min_age_seconds OR c.cover_all AND i.reads >= :min_reads
