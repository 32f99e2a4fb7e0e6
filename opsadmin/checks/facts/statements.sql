-- What pg_stat_statements has of this database: queries and changes of rows, not our own, no utility statements (their
-- texts keep constants, also passwords). Empty where its library is not loaded; its function would raise then. Times in
-- seconds. `text`: the first 200 characters; a quoted constant that slipped through is blanked.
SELECT
    s.queryid,
    s.calls,
    s.total_exec_time / 1000 AS total_seconds,
    s.mean_exec_time / 1000 AS mean_seconds,
    s.max_exec_time / 1000 AS max_seconds,
    s.rows,
    s.temp_blks_written * current_setting('block_size')::int8 AS temp_bytes,
    left(regexp_replace(regexp_replace(s.query, '''[^'']*''', '?', 'g'), '\s+', ' ', 'g'), 200) AS text
FROM pg_settings AS l
CROSS JOIN LATERAL "schema of pg_stat_statements".pg_stat_statements(l.name IS NOT NULL) AS s
INNER JOIN pg_database AS d ON d.oid = s.dbid
WHERE l.name = 'pg_stat_statements.max'
    AND d.datname = current_database()
    AND s.calls > 0
    AND s.query ~* '^\s*(/\*[^*]*\*/\s*)*\(*\s*(select|insert|update|delete|merge|with|values|table)\M'
    AND s.query NOT LIKE '%/* opsadmin */%'
    -- What a person had us run (its mark has a number): so many calls tell that the application sends it, too.
    AND (s.query NOT LIKE '%/* opsadmin %*/%' OR s.calls > 100)
