-- Since when pg_stat_statements counts, and how often it threw the least used statements out for want of places.
SELECT
    i.stats_reset,
    i.dealloc
FROM "schema of pg_stat_statements".pg_stat_statements_info() AS i
