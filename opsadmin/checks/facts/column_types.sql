-- Types by what they are made of: a domain has the name of the type below it.
WITH RECURSIVE below AS (
    SELECT
        y.oid,
        y.typbasetype AS base,
        y.typtypmod
    FROM pg_type AS y
    WHERE y.typtype = 'd'
    UNION ALL
    SELECT
        b.oid,
        y.typbasetype,
        CASE WHEN b.typtypmod >= 0 THEN b.typtypmod ELSE y.typtypmod END
    FROM below AS b
    INNER JOIN pg_type AS y ON y.oid = b.base
    WHERE y.typtype = 'd'
)

SELECT
    y.oid,
    y.typname,
    -1 AS typtypmod
FROM pg_type AS y
WHERE y.typtype = 'b'
UNION ALL
SELECT
    b.oid,
    y.typname,
    b.typtypmod
FROM below AS b
INNER JOIN pg_type AS y ON y.oid = b.base AND y.typtype <> 'd'
