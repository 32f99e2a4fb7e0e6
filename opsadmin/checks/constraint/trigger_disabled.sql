-- title: Disabled trigger or rule
-- severity: warning
-- says: The {kind} {object} is disabled.
-- why: What it is to check, copy or write down does not happen, and nothing says so.
-- hint: Enable it, or drop it if nobody needs it; make up for what it missed meanwhile.
-- fix: {enable}
-- lock: {locks}
-- source: PostgreSQL documentation, ALTER TABLE, DISABLE TRIGGER; ALTER EVENT TRIGGER
-- examined: {relations} tables, views and other relations
SELECT
    format('%s.%I', r.object, g.tgname) AS object,
    'trigger' AS kind,
    format('ALTER TABLE %s ENABLE TRIGGER %I;', r.object, g.tgname) AS enable,
    'SHARE ROW EXCLUSIVE on ' || r.object AS locks
FROM pg_trigger AS g
INNER JOIN relations AS r ON r.oid = g.tgrelid
LEFT JOIN pg_trigger AS above ON above.oid = g.tgparentid
-- Before PostgreSQL 15 a partition's copy counts as internal, too; those of constraints are left to another check.
WHERE (NOT g.tgisinternal OR above.oid IS NOT NULL AND g.tgconstraint = 0)
    AND g.tgenabled = 'D'
    AND above.tgenabled IS DISTINCT FROM 'D'
UNION ALL
SELECT
    format('%s.%I', r.object, w.rulename) AS object,
    'rule' AS kind,
    format('ALTER TABLE %s ENABLE RULE %I;', r.object, w.rulename) AS enable,
    'ACCESS EXCLUSIVE on ' || r.object AS locks
FROM pg_rewrite AS w
INNER JOIN relations AS r ON r.oid = w.ev_class
WHERE w.ev_enabled = 'D'
UNION ALL
SELECT
    format('%I', e.evtname) AS object,
    'event trigger' AS kind,
    format('ALTER EVENT TRIGGER %I ENABLE;', e.evtname) AS enable,
    'none on tables' AS locks
FROM pg_event_trigger AS e
LEFT JOIN pg_depend AS d ON d.classid = 3466 AND d.objid = e.oid AND d.deptype = 'e'
WHERE e.evtenabled = 'D' AND d.objid IS NULL
