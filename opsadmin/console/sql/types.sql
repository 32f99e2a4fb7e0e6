-- What types run when a value is read, written, compared, hashed or turned into JSON, of the types %(types)s and of all that
-- they are made of: functions, and the checks of domains.
WITH RECURSIVE
inside (oid) AS (
    SELECT unnest(%(types)s::oid [])
    UNION
    SELECT part.oid
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
),
family (oid) AS (
    SELECT c.opcfamily
    FROM pg_opclass AS c
    WHERE c.opcdefault AND c.opcintype = ANY (ARRAY(SELECT oid FROM inside))
),
function (oid) AS (
    SELECT p.amproc::oid FROM pg_amproc AS p WHERE p.amprocfamily = ANY (ARRAY(SELECT oid FROM family))
    UNION
    SELECT o.oprcode::oid
    FROM pg_operator AS o
    WHERE o.oid = ANY (ARRAY(SELECT m.amopopr FROM pg_amop AS m WHERE m.amopfamily = ANY (ARRAY(SELECT oid FROM family))))
    UNION
    SELECT unnest(ARRAY[t.typinput, t.typoutput, t.typreceive, t.typsend, t.typmodin, t.typmodout, t.typsubscript]::oid [])
    FROM pg_type AS t
    WHERE t.oid = ANY (ARRAY(SELECT oid FROM inside))
    UNION
    SELECT unnest(ARRAY[r.rngcanonical, r.rngsubdiff]::oid [])
    FROM pg_range AS r
    WHERE r.rngtypid = ANY (ARRAY(SELECT oid FROM inside))
    UNION
    SELECT c.castfunc
    FROM pg_cast AS c
    WHERE c.castsource = ANY (ARRAY(SELECT oid FROM inside)) AND c.casttarget = 'json'::regtype
)
SELECT
    oid::int8 AS function,
    NULL AS tree
FROM function
WHERE oid >= 16384
UNION ALL
SELECT
    NULL,
    k.conbin::text
FROM pg_constraint AS k
WHERE k.contypid = ANY (ARRAY(SELECT oid FROM inside)) AND k.contype = 'c'
