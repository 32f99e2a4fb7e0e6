-- What the names %(names)s and the operators %(operators)s in a function's text may mean, in whatever schema. A cast needs no
-- name of its own, only a value of its type: one that people made counts where a name leads to such a value.
WITH RECURSIVE
own_cast (function, type) AS (
    SELECT c.castfunc, c.castsource
    FROM pg_cast AS c
    WHERE
        c.oid >= 16384
        AND c.castfunc <> 0
        AND NOT EXISTS (
            SELECT FROM pg_depend AS d WHERE d.classid = 'pg_cast'::regclass AND d.objid = c.oid AND d.deptype = 'e'
        )
),
above (function, type) AS (
    SELECT function, type FROM own_cast
    UNION
    SELECT b.function, made.type
    FROM above AS b
    CROSS JOIN LATERAL (
        SELECT t.oid FROM pg_type AS t WHERE b.type IN (t.typelem, t.typbasetype)
        UNION ALL
        SELECT c.reltype
        FROM pg_attribute AS a
        INNER JOIN pg_class AS c ON c.oid = a.attrelid
        WHERE a.atttypid = b.type AND c.reltype <> 0
    ) AS made (type)
)
SELECT
    'function' AS what,
    p.oid::int8 AS oid
FROM pg_proc AS p
WHERE p.proname = ANY (%(names)s::text [])
UNION ALL
SELECT
    'relation',
    c.oid::int8
FROM pg_class AS c
WHERE c.relname = ANY (%(names)s::text []) AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
UNION ALL
SELECT
    'type',
    t.oid::int8
FROM pg_type AS t
WHERE t.typname = ANY (%(names)s::text []) AND t.oid >= 16384
UNION ALL
SELECT
    'operator',
    o.oid::int8
FROM pg_operator AS o
WHERE o.oprname = ANY (%(operators)s::text []) AND o.oid >= 16384
UNION ALL
SELECT
    'function',
    b.function::int8
FROM above AS b
INNER JOIN pg_type AS t ON t.oid = b.type
WHERE
    t.typname = ANY (%(names)s::text [])
    OR EXISTS (SELECT FROM pg_class AS c WHERE c.oid = t.typrelid AND c.relname = ANY (%(names)s::text []))
    OR EXISTS (
        SELECT
        FROM pg_proc AS p
        WHERE
            p.proname = ANY (%(names)s::text [])
            AND b.type = ANY (p.proargtypes::oid [] || p.prorettype || coalesce(p.proallargtypes, '{}'))
    )
