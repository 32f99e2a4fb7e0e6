-- The functions %(functions)s and those behind the operators %(operators)s, with what an aggregate is made of. Built-in ones
-- that are plainly harmless are left out (%(reading)s: volatile and reading; %(running)s: refused by name).
WITH
plain (oid) AS MATERIALIZED (
    SELECT unnest(%(functions)s::oid [])
    UNION
    SELECT unnest(ARRAY[o.oprcode::oid, o.oprrest::oid, o.oprjoin::oid])
    FROM pg_operator AS o
    WHERE o.oid = ANY (%(operators)s::oid [])
),
made_of (oid) AS MATERIALIZED (
    SELECT oid FROM plain
    UNION
    SELECT unnest(ARRAY[
        a.aggtransfn, a.aggfinalfn, a.aggcombinefn, a.aggserialfn, a.aggdeserialfn,
        a.aggmtransfn, a.aggminvtransfn, a.aggmfinalfn
    ]::oid [])
    FROM pg_aggregate AS a
    WHERE a.aggfnoid = ANY (ARRAY(SELECT oid FROM plain))
)
SELECT
    p.oid::int8 AS oid,
    CASE
        WHEN p.proname = 'ts_rewrite' AND p.pronargs = 2 AND p.oid < 16384 THEN 'ts_rewrite_query'
        ELSE p.proname::text
    END AS name,
    p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')' AS spelled,
    p.prokind::text AS kind,
    p.provolatile::text AS volatility,
    (SELECT l.lanname::text FROM pg_language AS l WHERE l.oid = p.prolang) AS language,
    (
        SELECT e.extname::text
        FROM pg_depend AS d
        INNER JOIN pg_extension AS e ON e.oid = d.refobjid
        WHERE
            d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
            AND d.refclassid = 'pg_extension'::regclass
    ) AS extension,
    CASE WHEN p.oid >= 16384 AND p.prolang NOT IN (12, 13) THEN p.prosrc ELSE '' END AS body,
    p.prosqlbody::text AS parsed_body,
    CASE WHEN p.oid >= 16384 THEN p.proargdefaults::text END AS defaults,
    coalesce(p.proconfig, '{}')::text [] AS settings,
    CASE WHEN p.oid >= 16384 THEN array_remove(
        p.proargtypes::oid [] || p.prorettype || coalesce(p.proallargtypes, '{}'), 0
    )::int8 [] ELSE '{}' END AS types,
    CASE WHEN p.oid >= 16384 AND p.prolang = 12 THEN (
        SELECT b.proname::text
        FROM pg_proc AS b
        WHERE b.oid < 16384 AND b.prosrc = p.prosrc AND b.provolatile <> 'v'
        LIMIT 1
    ) END AS stands_for
FROM pg_proc AS p
WHERE
    p.oid = ANY (ARRAY(SELECT oid FROM made_of))
    AND (
        p.oid >= 16384
        OR (p.provolatile = 'v' AND NOT (p.proname = ANY (%(reading)s::text [])))
        OR p.proname = ANY (%(running)s::text [])
        OR (p.proname = 'ts_rewrite' AND p.pronargs = 2)
    )
