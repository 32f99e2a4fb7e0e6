-- Since when pg_stat_statements counts, and how often it threw the least used statements out for want of places.
SELECT
    i.stats_reset,
    i.dealloc,
    now() AS now
FROM "information of pg_stat_statements" AS i
