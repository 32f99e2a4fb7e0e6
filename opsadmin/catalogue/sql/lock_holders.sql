-- Who holds an ACCESS EXCLUSIVE lock on a relation, its indexes, its TOAST table or on what its rules read, or waits for
-- one and makes everybody behind wait. The same of what a function's body reads: `class` is pg_class or pg_proc.
WITH RECURSIVE base AS (
    SELECT %(oid)s::oid AS oid
    WHERE %(class)s = 'pg_class'
    UNION
    SELECT d.refobjid
    FROM pg_depend AS d
    WHERE
        %(class)s = 'pg_proc'
        AND d.classid = 'pg_proc'::regclass
        AND d.objid = %(oid)s
        AND d.refclassid = 'pg_class'::regclass
),

reads AS (
    SELECT oid
    FROM base
    UNION
    SELECT d.refobjid
    FROM reads AS r
    INNER JOIN pg_rewrite AS w ON w.ev_class = r.oid
    INNER JOIN pg_depend AS d
        ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid AND d.refclassid = 'pg_class'::regclass
)

SELECT
    l.relation::bigint AS oid,
    %(class)s = 'pg_class' AND l.relation = %(oid)s AS itself,
    quote_ident(n.nspname) || '.' || quote_ident(c.relname) AS relation,
    l.pid,
    l.granted,
    a.application_name,
    a.usename AS role,
    coalesce(a.xact_start, l.waitstart) AS since,
    clock_timestamp() AS now
FROM pg_locks AS l
INNER JOIN pg_class AS c ON c.oid = l.relation
INNER JOIN pg_namespace AS n ON n.oid = c.relnamespace
LEFT JOIN pg_stat_activity AS a ON a.pid = l.pid
WHERE
    l.locktype = 'relation'
    AND l.mode = 'AccessExclusiveLock'
    AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND l.pid IS DISTINCT FROM pg_backend_pid()
    AND (
        l.relation IN (SELECT oid FROM reads)
        OR l.relation IN (SELECT indexrelid FROM pg_index WHERE indrelid IN (SELECT oid FROM base))
        OR l.relation IN (SELECT reltoastrelid FROM pg_class WHERE oid IN (SELECT oid FROM base))
        OR l.relation IN (
            SELECT x.indexrelid
            FROM pg_index AS x
            INNER JOIN pg_class AS t ON t.reltoastrelid = x.indrelid
            WHERE t.oid IN (SELECT oid FROM base)
        )
    )
ORDER BY l.granted DESC, since ASC
