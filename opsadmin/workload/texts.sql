-- The texts of statements by their numbers.
SELECT
    s.queryid::text AS queryid,
    left(min(s.query COLLATE "C"), %(characters)s) AS text
FROM "schema of pg_stat_statements".pg_stat_statements(true) AS s
WHERE s.queryid = ANY(%(queryids)s::int8 [])
    AND s.dbid = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database())
GROUP BY s.queryid
