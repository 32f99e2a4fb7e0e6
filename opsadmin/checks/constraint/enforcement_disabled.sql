-- title: Foreign key or constraint that is not enforced
-- severity: critical
-- says: The {kind} {object} is not enforced: {triggers} of its internal triggers are disabled, on {tables}.
-- why: Rows that break it come in unseen, and PostgreSQL goes on calling the constraint valid.
-- hint: Enable the triggers as superuser, then look for rows that break it: VALIDATE does not look again, so drop the
--    constraint and add it anew where there are some.
-- fix: {enable}
-- lock: SHARE ROW EXCLUSIVE on {tables}
-- source: PostgreSQL documentation, ALTER TABLE, DISABLE TRIGGER
-- examined: {constraints} constraints
SELECT
    k.object,
    CASE k.type
        WHEN 'f' THEN 'foreign key' WHEN 'p' THEN 'primary key' WHEN 'u' THEN 'unique constraint' ELSE 'constraint'
    END AS kind,
    count(*) AS triggers,
    string_agg(DISTINCT r.object, ' and ') AS tables,
    string_agg(format('ALTER TABLE %s ENABLE TRIGGER %I;', r.object, g.tgname), E'\n' ORDER BY g.oid) AS enable,
    max(k.rows) AS weight
FROM pg_trigger AS g
INNER JOIN constraints AS k ON k.oid = g.tgconstraint
INNER JOIN relations AS r ON r.oid = g.tgrelid
LEFT JOIN pg_trigger AS above ON above.oid = g.tgparentid
WHERE g.tgisinternal AND g.tgenabled IN ('D', 'R') AND above.tgenabled IS DISTINCT FROM g.tgenabled
GROUP BY k.oid, k.object, k.type
