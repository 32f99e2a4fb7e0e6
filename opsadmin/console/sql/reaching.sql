-- The names by which a statement may come to one of the types %(types)s (`root`): their own, those of types made of them, of
-- relations that have such a column, of functions that take or give one.
WITH RECURSIVE
above (root, oid) AS (
    SELECT
        given.root,
        given.oid
    FROM unnest(%(types)s::oid [], %(types)s::oid []) AS given (root, oid)
    UNION
    SELECT
        b.root,
        made.oid
    FROM above AS b
    CROSS JOIN LATERAL (
        SELECT t.oid FROM pg_type AS t WHERE b.oid IN (t.typelem, t.typbasetype)
        UNION ALL
        SELECT c.reltype
        FROM pg_attribute AS a
        INNER JOIN pg_class AS c ON c.oid = a.attrelid
        WHERE a.atttypid = b.oid AND c.reltype <> 0
        UNION ALL
        SELECT unnest(ARRAY[r.rngtypid, r.rngmultitypid]) FROM pg_range AS r WHERE r.rngsubtype = b.oid OR r.rngtypid = b.oid
    ) AS made (oid)
),
every (oids) AS MATERIALIZED (SELECT array_agg(oid) FROM above)
SELECT
    b.root::int8 AS root,
    t.oid::int8 AS type,
    t.typname::text AS name
FROM above AS b
INNER JOIN pg_type AS t ON t.oid = b.oid
UNION ALL
SELECT
    b.root::int8,
    b.oid::int8,
    c.relname::text
FROM pg_attribute AS a
INNER JOIN above AS b ON b.oid = a.atttypid
INNER JOIN pg_class AS c ON c.oid = a.attrelid
WHERE a.atttypid = ANY ((SELECT oids FROM every)::oid [])
UNION ALL
SELECT
    b.root::int8,
    b.oid::int8,
    p.proname::text
FROM pg_proc AS p
INNER JOIN above AS b ON b.oid = ANY (p.proargtypes::oid [] || p.prorettype || coalesce(p.proallargtypes, '{}'))
WHERE
    p.oid >= 16384
    AND (p.proargtypes::oid [] || p.prorettype || coalesce(p.proallargtypes, '{}')) && (SELECT oids FROM every)
