-- Who waits for whom: a row for each waiting session and each one that it waits for. A parallel worker stands for its
-- leader. blocker 0 is a prepared transaction, named by its gid where the locks tell which.
SELECT DISTINCT
    w.waiter,
    w.waited_seconds,
    w.wanted,
    w.mode,
    w.relation,
    w.is_patient,
    e.blocker,
    p.gid
FROM (
    SELECT
        b.leader AS waiter,
        l.pid,
        l.target,
        l.mode,
        c.object AS relation,
        l.locktype = 'virtualxid' AS is_patient,
        extract(epoch FROM clock_timestamp() - coalesce(l.waitstart, clock_timestamp()))::float8 AS waited_seconds,
        CASE
            WHEN l.locktype = 'relation'
                THEN
                    l.mode || ' on '
                    || coalesce(c.object, 'a relation of database ' || d.datname, 'a relation')
            WHEN l.locktype IN ('transactionid', 'tuple')
                THEN 'a row' || coalesce(' of ' || c.object, '')
            WHEN l.locktype = 'virtualxid' THEN 'the end of a transaction'
            WHEN l.locktype = 'advisory' AND l.objsubid = 1
                THEN 'the advisory lock ' || ((l.classid::int8 << 32) | l.objid::int8)
            WHEN l.locktype = 'advisory' THEN format('the advisory lock (%s, %s)', l.classid::int8, l.objid::int8)
            ELSE l.mode || ' on a ' || l.locktype
        END AS wanted
    FROM all_locks AS l
    INNER JOIN backends AS b ON b.pid = l.pid
    -- Who waits for a transaction to end because of a row holds the row's own lock meanwhile.
    LEFT JOIN all_locks AS t ON t.pid = l.pid AND t.locktype = 'tuple' AND t.granted AND l.locktype = 'transactionid'
    LEFT JOIN pg_database AS d ON d.oid = coalesce(l.database, t.database)
    LEFT JOIN
        (
            SELECT
                r.oid,
                quote_ident(n.nspname) || '.' || quote_ident(r.relname) AS object
            FROM pg_class AS r
            INNER JOIN pg_namespace AS n ON n.oid = r.relnamespace
        ) AS c
        ON c.oid = coalesce(l.relation, t.relation) AND coalesce(d.datname, current_database()) = current_database()
    WHERE NOT l.granted
) AS w
CROSS JOIN LATERAL unnest(pg_blocking_pids(w.pid)) AS e (blocker)
LEFT JOIN
    (
        SELECT
            h.target,
            h.mode,
            x.gid
        FROM all_locks AS h
        -- A prepared transaction's locks are under no pid, and one of them is on its own number.
        INNER JOIN all_locks AS o
            ON o.virtualtransaction = h.virtualtransaction AND o.pid IS NULL AND o.locktype = 'transactionid'
        INNER JOIN pg_prepared_xacts AS x ON x.transaction = o.transactionid
        WHERE h.granted AND h.pid IS NULL
    ) AS p
    ON e.blocker = 0 AND p.target = w.target
        AND EXISTS (
            SELECT 1
            FROM (
                VALUES
                ('AccessShareLock', '{AccessExclusiveLock}'::text[]),
                ('RowShareLock', '{ExclusiveLock,AccessExclusiveLock}'),
                ('RowExclusiveLock', '{ShareLock,ShareRowExclusiveLock,ExclusiveLock,AccessExclusiveLock}'),
                (
                    'ShareUpdateExclusiveLock',
                    '{ShareUpdateExclusiveLock,ShareLock,ShareRowExclusiveLock,ExclusiveLock,AccessExclusiveLock}'
                ),
                (
                    'ShareLock',
                    '{RowExclusiveLock,ShareUpdateExclusiveLock,ShareRowExclusiveLock,ExclusiveLock,AccessExclusiveLock}'
                )
            ) AS weak (mode, conflicts)
            WHERE (weak.mode = w.mode AND p.mode = ANY (weak.conflicts))
                OR (weak.mode = p.mode AND w.mode = ANY (weak.conflicts))
            UNION ALL
            -- The three strong ones conflict with each other.
            SELECT 1
            WHERE w.mode IN ('ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
                AND p.mode IN ('ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
        )
