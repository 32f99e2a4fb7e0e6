-- title: Old transaction ids in a table
-- severity: warning
-- threshold: over_percent = 120 %; of the age at which autovacuum freezes the table by force (autovacuum_freeze_max_age; for multixacts autovacuum_multixact_freeze_max_age)
-- threshold: critical_age = 1 billion; transactions or multixacts (our choice: half of what there are)
-- says: {what} of {object} are {age} old; autovacuum freezes at {forced_at}, and at about 2 billion PostgreSQL takes no more writes.
-- why: VACUUM does not get to this table or does not finish, and the end of that is a database that refuses every write.
-- hint: {what_to_do}
-- fix: VACUUM (FREEZE) {object};
-- lock: SHARE UPDATE EXCLUSIVE on {object}; reading and writing go on
-- source: PostgreSQL documentation, "Preventing Transaction ID Wraparound Failures"
-- examined: {vacuumed} tables and their TOAST tables
WITH holder AS (
    SELECT
        h.kind,
        h.object,
        h.age
    FROM horizon AS h
    ORDER BY h.age DESC, h.object ASC
    LIMIT 1
),

ages AS (
    SELECT
        v.table_oid,
        v.object,
        format('The transaction ids%s', CASE WHEN v.is_toast THEN ' in the TOAST table' ELSE '' END) AS what,
        age(v.frozenxid)::float8 AS age,
        v.freeze_max_age AS forced_at,
        true AS of_xids
    FROM vacuumed AS v
    WHERE v.frozenxid <> '0'
    UNION ALL
    SELECT
        v.table_oid,
        v.object,
        format('The multixact ids%s', CASE WHEN v.is_toast THEN ' in the TOAST table' ELSE '' END),
        mxid_age(v.minmxid)::float8,
        v.multixact_freeze_max_age,
        false
    FROM vacuumed AS v
    WHERE v.minmxid <> '0'
),

old AS (
    SELECT
        a.*,
        row_number() OVER (PARTITION BY a.table_oid ORDER BY a.age DESC, a.of_xids DESC) AS place
    FROM ages AS a
    WHERE a.age * 100 >= :over_percent * a.forced_at OR a.age >= :critical_age
)

SELECT
    o.object,
    o.what,
    o.age,
    o.forced_at,
    CASE
        WHEN o.of_xids AND h.age * 100 >= :over_percent * o.forced_at
            THEN format('First end the %s %s, which is %s transactions old; then vacuum.', h.kind, h.object, h.age)
        ELSE 'Vacuum it now, and see why autovacuum did not: cancelled again and again, too slow, or too few workers.'
    END AS what_to_do,
    CASE WHEN o.of_xids AND h.age * 100 >= :over_percent * o.forced_at THEN h.object ELSE '' END AS caused_by,
    CASE WHEN o.age >= :critical_age THEN 'critical' END AS severity,
    o.age AS weight
FROM old AS o
LEFT JOIN holder AS h ON true
WHERE o.place = 1
