-- title: Slow query
-- severity: warning
-- needs: extension pg_stat_statements
-- needs: role pg_read_all_stats
-- threshold: mean_seconds = 1 s; a call on average (our choice: a person waits for it)
-- threshold: min_calls = 5; since pg_stat_statements was reset (our choice: a query asked once is somebody's question)
-- says: Query {queryid} took {mean_seconds} on average and {max_seconds} at most, in {calls} calls: {text}
-- why: Each call keeps a connection and somebody waiting.
-- hint: Look at its plan (ops explain_query) and at the indexes that would help (ops analyze_query_indexes).
-- source: pg_stat_statements
-- examined: {statements} queries
SELECT
    format('query %s: %s', s.queryid, left(s.text, 60)) AS object,
    s.queryid::text AS queryid,
    s.mean_seconds,
    s.max_seconds,
    s.calls,
    s.text || '.' AS text,
    s.total_seconds AS weight
FROM statements AS s
WHERE s.mean_seconds >= :mean_seconds AND s.calls >= :min_calls
