-- title: Query that sorts on disk
-- severity: warning
-- needs: extension pg_stat_statements
-- needs: role pg_read_all_stats
-- threshold: min_bytes = 16 MB; written to temporary files by a call on average (our choice: four times the default
--    work_mem)
-- threshold: min_calls = 5; since pg_stat_statements was reset (our choice)
-- says: Query {queryid} writes {per_call_bytes} to temporary files in each of its {calls} calls: {text}
-- why: A sort or hash that does not fit in work_mem goes through the disk, twice.
-- hint: An index in the order of the sort, fewer columns or rows, or more work_mem for this query alone (SET LOCAL).
-- source: pg_stat_statements; PostgreSQL documentation, work_mem
-- examined: {statements} queries
SELECT
    format('query %s: %s', s.queryid, left(s.text, 60)) AS object,
    s.queryid::text AS queryid,
    s.temp_bytes / s.calls AS per_call_bytes,
    s.calls,
    s.text || '.' AS text,
    s.temp_bytes AS weight
FROM statements AS s
WHERE s.calls >= :min_calls AND s.temp_bytes / s.calls >= :min_bytes
