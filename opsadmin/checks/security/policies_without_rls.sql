-- title: Row policies that are not in force
-- severity: critical
-- says: {object} has {policies} ({names}), and row level security is off: all rows are open.
-- why: Who reads the policies believes the rows protected; whoever has SELECT sees all of them.
-- hint: Enable it after a look at the policies: they begin to hold at once, for all but the owner and superusers.
-- fix: ALTER TABLE {object} ENABLE ROW LEVEL SECURITY;
-- lock: ACCESS EXCLUSIVE on {object}, for a moment
-- source: PostgreSQL documentation, 5.9 Row Security Policies
-- examined: {relations} relations
SELECT
    r.object,
    count(*) || CASE count(*) WHEN 1 THEN ' row security policy' ELSE ' row security policies' END AS policies,
    string_agg(format('%I', p.polname), ', ' ORDER BY p.polname) AS names,
    count(*) AS weight
FROM pg_policy AS p
INNER JOIN relations AS r ON r.oid = p.polrelid
WHERE NOT r.has_rls
GROUP BY r.oid, r.object
