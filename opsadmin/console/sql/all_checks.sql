-- The types that people made and that run code when a text is read as one of them: domains with their checks, ranges with a
-- canonical function.
SELECT
    t.oid::int8 AS type,
    '' AS name,
    ARRAY(SELECT k.conbin::text FROM pg_constraint AS k WHERE k.contypid = t.oid AND k.contype = 'c') AS trees
FROM pg_type AS t
WHERE t.oid >= 16384 AND t.typtype IN ('d', 'r')
