-- title: One query takes most of the time
-- severity: warning
-- needs: extension pg_stat_statements
-- needs: role pg_read_all_stats
-- threshold: min_percent = 50 %; of the time of all recorded queries of this database (our choice)
-- threshold: min_seconds = 10 min; in total since pg_stat_statements was reset (our choice)
-- threshold: min_calls = 20; calls (our choice: a single long report is nobody's bottleneck)
-- says: Query {queryid} takes {share_percent} of all query time: {total_seconds} in {calls} calls: {text}
-- why: What is saved there is felt everywhere; what is saved elsewhere hardly.
-- hint: Look at its plan (ops explain_query), or ask it less often.
-- source: pg_stat_statements
-- examined: {statements} queries
SELECT
    format('query %s: %s', s.queryid, left(s.text, 60)) AS object,
    s.queryid::text AS queryid,
    s.share_percent,
    s.total_seconds,
    s.calls,
    s.text || '.' AS text,
    s.total_seconds AS weight
FROM (
    SELECT
        t.*,
        100 * t.total_seconds / nullif(sum(t.total_seconds) OVER (), 0) AS share_percent
    FROM statements AS t
) AS s
WHERE s.share_percent >= :min_percent AND s.total_seconds >= :min_seconds AND s.calls >= :min_calls
