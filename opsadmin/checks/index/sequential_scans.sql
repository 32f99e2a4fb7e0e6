-- title: Large table read from end to end
-- severity: warning
-- threshold: min_rows = 10 k; smaller tables are read as fast without an index (PgHero's choice for missing indexes)
-- threshold: min_reads = 10; of the whole table, since the counters began, without one for each index that was made (our
--   choice)
-- threshold: min_rows_read = 500 k; by scans without an index (our choice)
-- threshold: min_share_percent = 5 %; of all reads of the table (PgHero's choice)
-- says: Scans without an index read {rows_read} rows of {object}, which has {rows}: {reads} times the whole table, and
--   {share_percent} of its reads.
-- why: Each of these reads is as long as the table is, and pushes what others need out of memory.
-- hint: See its queries in get_top_queries and ask analyze_workload_indexes which index would help.
-- source: PostgreSQL documentation, pg_stat_all_tables.seq_scan and seq_tup_read
-- examined: {tables} tables

-- Counted in rows: of a scan by parallel workers each worker counts as one scan, and a scan may stop early.
WITH by_index AS (
    SELECT x.table_oid, count(*) AS number, sum(x.scans) AS scans
    FROM indexes AS x
    GROUP BY x.table_oid
),

counted AS (
    SELECT
        t.object,
        t.rows,
        t.seq_rows,
        least(t.seq_scans - coalesce(b.number, 0), t.seq_rows / t.rows) AS reads,
        coalesce(b.scans, 0) AS idx_scans
    FROM tables AS t
    LEFT JOIN by_index AS b ON b.table_oid = t.oid
    WHERE t.rows >= :min_rows AND t.seq_rows >= :min_rows_read
)

SELECT
    c.object,
    c.rows::int8 AS rows,
    c.seq_rows AS rows_read,
    floor(c.reads)::int8 AS reads,
    100.0 * c.reads / (c.reads + c.idx_scans) AS share_percent,
    c.seq_rows AS weight
FROM counted AS c
WHERE c.reads >= :min_reads
    AND 100.0 * c.reads >= :min_share_percent * (c.reads + c.idx_scans)
