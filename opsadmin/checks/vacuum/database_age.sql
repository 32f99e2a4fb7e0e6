-- title: Old transaction ids in a database
-- severity: warning
-- threshold: over_percent = 120 %; of the age at which autovacuum freezes by force (autovacuum_freeze_max_age, autovacuum_multixact_freeze_max_age)
-- threshold: critical_age = 1 billion; transactions or multixacts (our choice: half of what there are)
-- says: {what} of the database {object} are {age} old, and autovacuum freezes at {forced_at}{also}; at about 2 billion the whole server takes no more writes.
-- why: One neglected database stops the writes of all databases of its server.
-- hint: Vacuum that database, the oldest tables first; end what holds it back before (prepared transactions, old sessions, slots).
-- command: vacuumdb --freeze --dbname={object}
-- lock: SHARE UPDATE EXCLUSIVE on one table after the other; reading and writing go on
-- source: PostgreSQL documentation, "Preventing Transaction ID Wraparound Failures"
-- examined: {databases} databases
WITH ages AS (
    SELECT
        d.name,
        d.takes_connections,
        'The transaction ids' AS what,
        d.xid_age AS age,
        g.freeze_max_age AS forced_at
    FROM databases AS d
    CROSS JOIN autovacuum AS g
    UNION ALL
    SELECT
        d.name,
        d.takes_connections,
        'The multixact ids',
        d.multixact_age,
        g.multixact_freeze_max_age
    FROM databases AS d
    CROSS JOIN autovacuum AS g
),

old AS (
    SELECT
        a.*,
        row_number() OVER (PARTITION BY a.name ORDER BY a.age DESC, a.what DESC) AS place,
        lead(
            format(
                '; %s are %s old, and autovacuum freezes at %s',
                lower(a.what),
                ltrim(to_char(a.age, '999 999 999 999 990')),
                ltrim(to_char(a.forced_at, '999 999 999 999 990'))
            ),
            1,
            ''
        ) OVER (PARTITION BY a.name ORDER BY a.age DESC, a.what DESC) AS also
    FROM ages AS a
    WHERE (a.takes_connections AND a.age * 100 >= :over_percent * a.forced_at) OR a.age >= :critical_age
)

SELECT
    o.name AS object,
    o.what,
    o.age,
    o.forced_at,
    o.also,
    CASE WHEN o.age >= :critical_age THEN 'critical' END AS severity,
    CASE
        WHEN NOT o.takes_connections
            THEN 'It takes no connections: autovacuum must freeze it. See whether autovacuum runs and its log for errors.'
    END AS hint,
    CASE WHEN NOT o.takes_connections THEN '' END AS fix_command,
    o.age AS weight
FROM old AS o
WHERE o.place = 1
