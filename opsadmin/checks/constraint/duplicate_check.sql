-- title: Duplicate check constraint
-- severity: warning
-- says: The check constraint {object} repeats {kept}, word for word.
-- why: Every write is checked twice by it, and whoever changes the rule must find both.
-- hint: Drop one of the two.
-- fix: {drop_it}
-- lock: {locks}
-- source: our choice: any two checks of one table or domain that PostgreSQL stores alike
-- examined: {constraints} constraints
WITH ranked AS (
    SELECT
        k.*,
        row_number() OVER same AS place,
        first_value(k.object) OVER same AS kept
    FROM constraints AS k
    WHERE k.type = 'c'
    -- A parent's stands first: what it handed down cannot be dropped.
    WINDOW same AS (PARTITION BY k.owner_oid, k.expression ORDER BY k.is_own ASC, k.is_valid DESC, k.oid ASC)
)

SELECT
    r.object,
    r.kept,
    CASE WHEN r.owner_kind = 'd' THEN 'none on tables' ELSE 'ACCESS EXCLUSIVE on ' || r.owner_object END AS locks,
    format(
        'ALTER %s %s DROP CONSTRAINT %I;',
        CASE WHEN r.owner_kind = 'd' THEN 'DOMAIN' ELSE 'TABLE' END, r.owner_object, r.name
    ) AS drop_it
FROM ranked AS r
WHERE r.place > 1 AND r.is_own
