-- What keeps VACUUM from removing dead rows of this database's tables: each holder with how many transactions began since
-- (`age`), since when it holds (`since`, NULL where nobody says), and its kind. `object` is its name as its own finding
-- spells it. Of other roles' sessions a role sees nothing here without pg_read_all_stats.
SELECT
    'session' AS kind,
    format('pid %s (%s)', b.pid, b.application) AS object,
    greatest(age(b.backend_xmin), age(b.backend_xid)) AS age,
    b.transaction_seconds AS seconds,
    b.pid
FROM backends AS b
LEFT JOIN pg_stat_progress_vacuum AS p ON p.pid = b.pid
WHERE b.is_client AND b.database = current_database() AND b.pid <> pg_backend_pid() AND p.pid IS NULL
    AND (b.backend_xmin IS NOT NULL OR b.backend_xid IS NOT NULL)
UNION ALL
SELECT
    'prepared transaction',
    x.gid,
    age(x.transaction),
    extract(epoch FROM clock_timestamp() - x.prepared)::float8,
    NULL
FROM pg_prepared_xacts AS x
WHERE x.database = current_database()
UNION ALL
SELECT
    'replication slot',
    s.slot_name,
    age(s.xmin),
    NULL,
    NULL
FROM pg_replication_slots AS s
WHERE s.xmin IS NOT NULL
UNION ALL
SELECT
    'standby',
    format('%s (pid %s)', r.application_name, r.pid),
    age(r.backend_xmin),
    NULL,
    r.pid
FROM pg_stat_replication AS r
WHERE r.backend_xmin IS NOT NULL
