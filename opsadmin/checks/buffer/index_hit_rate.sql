-- title: Index read past the cache
-- severity: warning
-- threshold: warning_percent = 90 %; of its pages found in shared_buffers (our choice; PgHero warns below 99 %)
-- threshold: min_reads = 1 k; pages read past the cache (our choice: 8 MB)
-- threshold: rereads = 5; times over that its pages were read (our choice: building it and a first look take fewer)
-- says: {object} on {table_object} found {hit_percent} of its pages in shared_buffers and had to read {reads}
--   ({read_bytes}), {times_over} times what it holds.
-- why: Every look-up in it waits for pages from outside PostgreSQL's cache.
-- hint: Drop indexes that nobody uses, rebuild it if it is bloated, or raise shared_buffers.
-- source: PostgreSQL documentation, pg_statio_all_indexes.idx_blks_hit
-- examined: {page_reads} tables and indexes
SELECT
    format('%I.%I', n.nspname, o.relname) AS object,
    format('%I.%I', n.nspname, c.relname) AS table_object,
    100.0 * x.hits / x.fetched AS hit_percent,
    x.fetched - x.hits AS reads,
    (x.fetched - x.hits) * current_setting('block_size')::int8 AS read_bytes,
    (x.fetched - x.hits) / x.pages AS times_over,
    x.fetched - x.hits AS weight
FROM page_reads AS x
INNER JOIN pg_class AS o ON o.oid = x.oid
INNER JOIN pg_index AS i ON i.indexrelid = x.oid
INNER JOIN pg_class AS c ON c.oid = i.indrelid
INNER JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE x.kind = 'i' AND x.fetched - x.hits >= :min_reads AND x.pages > 0 AND x.fetched - x.hits >= :rereads * x.pages
    AND 100.0 * x.hits < :warning_percent * x.fetched
