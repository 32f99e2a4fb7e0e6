-- title: Database read past the cache
-- severity: warning
-- threshold: warning_percent = 90 %; of its pages found in shared_buffers (our choice; PgHero warns below 99 %)
-- threshold: min_reads = 10 k; pages read past the cache: fewer are a cold start (our choice: 80 MB)
-- threshold: turnovers = 2; times shared_buffers could have been filled with them: less is a cold start (our choice)
-- says: {object} found {hit_percent} of its pages in shared_buffers and had to read {reads} ({read_bytes}) in
--   {counted_seconds}; shared_buffers is {cache_bytes}.
-- why: A page that is not there costs a system call at best and a disk access at worst.
-- hint: See which tables are read most (buffer.table_hit_rate, index.sequential_scans) before shared_buffers is raised.
-- source: PostgreSQL documentation, pg_stat_database.blks_hit
-- examined: {database_counters} databases
SELECT
    d.object,
    100.0 * d.hits / (d.hits + d.reads) AS hit_percent,
    d.reads,
    d.reads * current_setting('block_size')::int8 AS read_bytes,
    d.counted_seconds,
    c.bytes AS cache_bytes,
    d.reads AS weight
FROM database_counters AS d
CROSS JOIN cache AS c
WHERE d.name IS NOT NULL AND d.reads >= :min_reads AND d.reads >= :turnovers * c.pages
    AND 100.0 * d.hits < :warning_percent * (d.hits + d.reads)
