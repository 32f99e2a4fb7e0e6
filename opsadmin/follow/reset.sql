-- Since when pg_stat_statements counts.
SELECT i.stats_reset
FROM "schema of pg_stat_statements".pg_stat_statements_info() AS i
