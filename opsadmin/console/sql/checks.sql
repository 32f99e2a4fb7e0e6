-- Types that people made and that run code when a text is read as one of them: domains with their checks, ranges with a
-- canonical function. Most databases have none.
SELECT
    t.oid::int8 AS type,
    (SELECT array_agg(k.conbin::text) FROM pg_constraint AS k WHERE k.contypid = t.oid AND k.contype = 'c') AS trees
FROM pg_type AS t
WHERE
    t.oid >= 16384
    AND (
        EXISTS (SELECT FROM pg_constraint AS k WHERE k.contypid = t.oid AND k.contype = 'c')
        OR EXISTS (SELECT FROM pg_range AS r WHERE r.rngtypid = t.oid AND r.rngcanonical <> 0)
    )
