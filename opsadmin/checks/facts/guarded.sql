-- Tables with row level security, and whether it holds for their owner too.
SELECT
    r.oid,
    r.object,
    r.owner,
    c.relforcerowsecurity AS is_forced
FROM relations AS r
INNER JOIN pg_class AS c ON c.oid = r.oid
-- Few of many: found by the index, not by reading the whole catalogue once more.
WHERE r.has_rls AND c.oid = ANY (ARRAY(SELECT t.oid FROM relations AS t WHERE t.has_rls))
