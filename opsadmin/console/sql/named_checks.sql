-- Those types that the names %(names)s lead to, which run code when a text is read as one of them: by the type's own name,
-- by a relation that has such a column, by a function that takes or gives one, and by what is made of them.
WITH RECURSIVE
named (name, oid) AS (
    SELECT
        t.typname,
        t.oid
    FROM pg_type AS t
    WHERE t.typname = ANY (%(names)s::text [])
    UNION
    SELECT
        c.relname,
        a.atttypid
    FROM pg_class AS c
    INNER JOIN pg_attribute AS a ON a.attrelid = c.oid
    WHERE c.relname = ANY (%(names)s::text []) AND a.attnum > 0
    UNION
    SELECT
        p.proname,
        unnest(p.proargtypes::oid [] || p.prorettype || coalesce(p.proallargtypes, '{}'))
    FROM pg_proc AS p
    WHERE p.proname = ANY (%(names)s::text []) AND p.oid >= 16384
),
inside (name, oid) AS (
    SELECT
        n.name,
        n.oid
    FROM named AS n
    WHERE n.oid >= 16384
    UNION
    SELECT
        o.name,
        part.oid
    FROM inside AS o
    INNER JOIN pg_type AS t ON t.oid = o.oid
    CROSS JOIN LATERAL (
        SELECT t.typelem
        UNION ALL
        SELECT t.typbasetype
        UNION ALL
        SELECT a.atttypid
        FROM pg_attribute AS a
        WHERE a.attrelid = t.typrelid AND t.typrelid <> 0 AND a.attnum > 0 AND NOT a.attisdropped
        UNION ALL
        SELECT unnest(ARRAY[r.rngsubtype, r.rngtypid]) FROM pg_range AS r WHERE t.oid IN (r.rngtypid, r.rngmultitypid)
    ) AS part (oid)
    WHERE part.oid >= 16384
)
SELECT
    t.oid::int8 AS type,
    min(o.name)::text AS name,
    ARRAY(SELECT k.conbin::text FROM pg_constraint AS k WHERE k.contypid = t.oid AND k.contype = 'c') AS trees
FROM inside AS o
INNER JOIN pg_type AS t ON t.oid = o.oid
WHERE t.typtype IN ('d', 'r')
GROUP BY t.oid
