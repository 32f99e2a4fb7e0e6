-- title: Table read past the cache
-- severity: warning
-- threshold: warning_percent = 90 %; of its pages found in shared_buffers (our choice; PgHero warns below 99 %)
-- threshold: min_reads = 1 k; pages read past the cache (our choice: 8 MB)
-- threshold: rereads = 5; times over that its pages were read: loading, indexing, analysing and a first look take fewer
--   (our choice)
-- threshold: unknown_percent = 50 %; of its pages found in shared_buffers, where it was never analysed and its size is
--   unknown (our choice)
-- threshold: unknown_scans = 5; sequential scans of a table whose size is unknown (our choice)
-- says: {object} found {hit_percent} of its pages in shared_buffers and had to read {reads} ({read_bytes}){times_over}.
-- why: It is read again and again from outside PostgreSQL's cache, and crowds others out of it.
-- hint: An index that spares its sequential scans helps most; else fewer or smaller rows, or larger shared_buffers.
-- source: PostgreSQL documentation, pg_statio_all_tables.heap_blks_hit
-- examined: {page_reads} tables and indexes
SELECT
    format('%I.%I', n.nspname, c.relname) AS object,
    100.0 * t.hits / t.fetched AS hit_percent,
    t.fetched - t.hits AS reads,
    (t.fetched - t.hits) * current_setting('block_size')::int8 AS read_bytes,
    CASE
        WHEN t.pages > 0 THEN format(', %s times what it holds', round((t.fetched - t.hits)::numeric / t.pages))
        ELSE ''
    END AS times_over,
    t.fetched - t.hits AS weight
FROM page_reads AS t
INNER JOIN pg_class AS c ON c.oid = t.oid
INNER JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE t.kind <> 'i' AND t.fetched - t.hits >= :min_reads
    AND CASE
        WHEN t.pages > 0
            THEN t.fetched - t.hits >= :rereads * t.pages AND 100.0 * t.hits < :warning_percent * t.fetched
        ELSE pg_stat_get_numscans(t.oid) >= :unknown_scans AND 100.0 * t.hits < :unknown_percent * t.fetched
    END
