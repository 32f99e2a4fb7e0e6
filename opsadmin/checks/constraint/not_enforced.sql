-- title: Constraint not enforced
-- severity: warning
-- needs: version >= 18
-- says: The {kind} {object} is declared NOT ENFORCED: none of the {rows} rows of {owner_object} was checked by it.
-- why: It reads like a promise and is none: any write may break it.
-- hint: Enforce it (ALTER TABLE ... ALTER CONSTRAINT ... ENFORCED for a foreign key; a check is dropped and added again),
--    or drop it if it is documentation only.
-- source: PostgreSQL 18 documentation, CREATE TABLE, NOT ENFORCED
-- examined: {constraints} constraints
SELECT
    k.object,
    k.owner_object,
    k.rows,
    CASE WHEN k.type = 'f' THEN 'foreign key' ELSE 'check constraint' END AS kind,
    CASE WHEN k.type = 'f' THEN
        format('ALTER TABLE %s ALTER CONSTRAINT %I ENFORCED;', k.owner_object, k.name)
    END AS fix_sql,
    CASE WHEN k.type = 'f' THEN 'SHARE ROW EXCLUSIVE on ' || k.owner_object END AS lock,
    k.rows AS weight
FROM constraints AS k
WHERE NOT k.is_enforced AND k.is_own
