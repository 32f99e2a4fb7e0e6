-- title: Constraint not valid
-- severity: warning
-- says: The {kind} {object} is not valid: what {owner_object} held before it was added (now {rows} rows) was never
--    checked.
-- why: Rows that break it may be there, and the planner does not rely on it.
-- hint: Look for rows that break it, mend them, then validate it.
-- fix: {validate}
-- lock: {locks}
-- source: PostgreSQL documentation, ALTER TABLE, VALIDATE CONSTRAINT
-- examined: {constraints} constraints
SELECT
    k.object,
    k.owner_object,
    k.rows,
    CASE
        WHEN k.owner_kind = 'd' THEN 'domain constraint'
        WHEN k.type = 'f' THEN 'foreign key'
        WHEN k.type = 'n' THEN 'NOT NULL constraint'
        ELSE 'check constraint'
    END AS kind,
    format(
        'ALTER %s %s VALIDATE CONSTRAINT %I;',
        CASE WHEN k.owner_kind = 'd' THEN 'DOMAIN' ELSE 'TABLE' END, k.owner_object, k.name
    ) AS validate,
    CASE WHEN k.owner_kind = 'd' THEN 'SHARE on every table with a column of ' ELSE 'SHARE UPDATE EXCLUSIVE on ' END
    || k.owner_object || CASE WHEN k.type = 'f' THEN ', ROW SHARE on the table it refers to' ELSE '' END AS locks,
    k.rows AS weight
FROM constraints AS k
WHERE NOT k.is_valid AND k.is_enforced AND k.is_own AND k.owner_kind IN ('r', 'p', 'd') AND k.type IN ('f', 'c', 'n')
