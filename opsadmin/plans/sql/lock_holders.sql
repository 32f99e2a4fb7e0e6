-- Who holds ACCESS EXCLUSIVE on a table or an index of this database, or waits for it and makes everybody behind wait.
-- Those in `names` first, if any of them is held.
SELECT
    quote_ident(n.nspname) || '.' || quote_ident(c.relname) AS relation,
    coalesce(t.relname, c.relname) = ANY(%(names)s::name []) AS named,
    l.pid,
    l.granted,
    a.application_name,
    a.usename AS role,
    coalesce(a.xact_start, l.waitstart) AS since,
    clock_timestamp() AS now
FROM pg_locks AS l
INNER JOIN pg_class AS c ON c.oid = l.relation
INNER JOIN pg_namespace AS n ON n.oid = c.relnamespace
LEFT JOIN pg_index AS x ON x.indexrelid = c.oid
LEFT JOIN pg_class AS t ON t.oid = x.indrelid
LEFT JOIN pg_stat_activity AS a ON a.pid = l.pid
WHERE
    l.locktype = 'relation'
    AND l.mode = 'AccessExclusiveLock'
    AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND l.pid IS DISTINCT FROM pg_backend_pid()
ORDER BY named DESC, l.granted DESC, since ASC
LIMIT 20
