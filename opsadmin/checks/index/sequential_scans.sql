-- title: Large table read from end to end
-- severity: warning
-- threshold: min_rows = 10 k; smaller tables are read as fast without an index (PgHero's choice for missing indexes)
-- threshold: min_scans = 10; since the counters began, without one for each index that was made (our choice)
-- threshold: min_rows_read = 500 k; by these scans together (our choice)
-- threshold: min_share_percent = 5 %; of all reads of the table (PgHero's choice)
-- says: {object} ({rows} rows) was read from end to end {seq_scans} times, {rows_per_scan} rows each time: {share_percent}
--   of its reads.
-- why: Each of these reads is as long as the table is, and pushes what others need out of memory.
-- hint: See its queries in get_top_queries and ask analyze_workload_indexes which index would help.
-- source: PostgreSQL documentation, pg_stat_all_tables.seq_scan and seq_tup_read
-- examined: {tables} tables

-- Half of `min_rows` on average: scans that stop early, or come from workers that share one, read less.
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
        t.seq_scans - coalesce(b.number, 0) AS seq_scans,
        t.seq_rows / t.seq_scans AS rows_per_scan,
        coalesce(b.scans, 0) AS idx_scans
    FROM tables AS t
    LEFT JOIN by_index AS b ON b.table_oid = t.oid
    WHERE t.rows >= :min_rows AND t.seq_scans >= :min_scans
)

SELECT
    c.object,
    c.rows::int8 AS rows,
    c.seq_scans,
    c.rows_per_scan::int8 AS rows_per_scan,
    100.0 * c.seq_scans / (c.seq_scans + c.idx_scans) AS share_percent,
    c.seq_rows AS weight
FROM counted AS c
WHERE c.seq_scans >= :min_scans
    AND c.seq_rows >= :min_rows_read
    AND c.rows_per_scan >= :min_rows / 2
    AND 100.0 * c.seq_scans >= :min_share_percent * (c.seq_scans + c.idx_scans)
