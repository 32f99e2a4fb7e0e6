-- The texts of the statements of this database, to know one again by what it says.
SELECT
    s.queryid::text AS queryid,
    min(s.query COLLATE "C") AS sql
FROM "schema of pg_stat_statements".pg_stat_statements(true) AS s
WHERE s.dbid = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database())
    AND s.queryid IS NOT NULL
    AND s.calls > 0
    AND length(s.query) <= 100000
    AND s.query NOT LIKE '%/* opsadmin */%'
    -- What a person had us run (its mark has a number): so many calls tell that the application sends it, too.
    AND (s.query NOT LIKE '%/* opsadmin %*/%' OR s.calls > 100)
GROUP BY s.queryid
