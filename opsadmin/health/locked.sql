-- Relations that somebody holds, or waits for, under ACCESS EXCLUSIVE: whoever reads them now has to wait. pg_locks
-- names the relation by number, so that asking for its name takes no lock.
SELECT
    l.relation::int8 AS oid,
    -- What an open transaction made is not in our catalogue, and a name of NULL is an error.
    CASE WHEN c.oid IS NOT NULL THEN format('%I.%I', n.nspname, c.relname) END AS object,
    c.relkind IN ('r', 'p', 'm', 'S') AND n.nspname NOT IN ('pg_catalog', 'pg_toast') AS is_named,
    l.pid,
    l.granted,
    a.application_name,
    extract(epoch FROM now() - a.state_change)::float8 AS seconds,
    a.state
FROM pg_locks AS l
LEFT JOIN pg_class AS c ON c.oid = l.relation
LEFT JOIN pg_namespace AS n ON n.oid = c.relnamespace
LEFT JOIN pg_stat_activity AS a ON a.pid = l.pid
WHERE l.locktype = 'relation' AND l.mode = 'AccessExclusiveLock' AND l.pid <> pg_backend_pid()
    AND l.database = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database())
ORDER BY l.granted DESC, l.pid ASC
LIMIT 1000
