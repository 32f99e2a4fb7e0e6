-- The sequences that people made. `owner_*`: the column that owns it, by OWNED BY or as its identity; `kind`: identity,
-- serial (owned, else), or alone.
SELECT
    r.oid,
    r.object,
    r.schema,
    c.relnamespace AS schema_oid,
    r.owner AS role_oid,
    r.persistence,
    q.seqincrement AS step,
    q.seqmin::numeric AS lowest,
    q.seqmax::numeric AS highest,
    q.seqstart::numeric AS first,
    q.seqcycle AS cycles,
    d.refobjid AS owner_oid,
    d.refobjsubid AS owner_column,
    CASE d.deptype WHEN 'i' THEN 'identity' WHEN 'a' THEN 'serial' ELSE 'alone' END AS kind
FROM relations AS r
INNER JOIN pg_sequence AS q ON q.seqrelid = r.oid
INNER JOIN pg_class AS c ON c.oid = r.oid
LEFT JOIN pg_depend AS d
    ON d.classid = 1259 AND d.objid = r.oid AND d.objsubid = 0 AND d.refclassid = 1259 AND d.refobjsubid > 0
        AND d.deptype IN ('a', 'i')
WHERE r.kind = 'S'
