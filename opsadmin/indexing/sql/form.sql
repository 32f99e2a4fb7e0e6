-- The parts of one index. Of an expression the name is NULL; an operator class is named where it is not the default one.
SELECT
    m.amname::text AS method,
    array(
        SELECT pg_get_indexdef(i.indexrelid, k.place::int, false)
        FROM generate_series(1, i.indnkeyatts) AS k (place)
    ) AS texts,
    array(
        SELECT a.attname::text
        FROM unnest(i.indkey::smallint []) WITH ORDINALITY AS k (attnum, place)
        LEFT JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = k.attnum AND k.attnum > 0
        WHERE k.place <= i.indnkeyatts
        ORDER BY k.place
    ) AS names,
    array(
        SELECT CASE WHEN NOT o.opcdefault THEN o.opcname::text END
        FROM unnest(i.indclass::oid []) WITH ORDINALITY AS k (opclass, place)
        INNER JOIN pg_opclass AS o ON o.oid = k.opclass
        ORDER BY k.place
    ) AS opclasses,
    array(
        SELECT k.bits::int
        FROM unnest(i.indoption::smallint []) WITH ORDINALITY AS k (bits, place)
        ORDER BY k.place
    ) AS orders,
    array(
        SELECT a.attname::text
        FROM unnest(i.indkey::smallint []) WITH ORDINALITY AS k (attnum, place)
        INNER JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
        WHERE k.place > i.indnkeyatts
        ORDER BY k.place
    ) AS include,
    coalesce(pg_get_expr(i.indpred, i.indrelid), '') AS predicate
FROM pg_index AS i
INNER JOIN pg_class AS c ON c.oid = i.indexrelid
INNER JOIN pg_am AS m ON m.oid = c.relam
WHERE i.indexrelid = %(index)s
