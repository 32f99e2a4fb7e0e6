-- The operators of the statements and their commutators: what b-trees know of them, and which other access methods serve them.
WITH wanted AS (
    SELECT o.oid
    FROM pg_operator AS o
    WHERE o.oid = ANY(%(operators)s::oid [])
    UNION
    SELECT o.oprcom
    FROM pg_operator AS o
    WHERE o.oid = ANY(%(operators)s::oid []) AND o.oprcom <> 0
)

SELECT
    o.oid::bigint AS oid,
    o.oprname::text AS name,
    CASE WHEN o.oprnamespace <> 11 THEN quote_ident(u.nspname) ELSE '' END AS schema_name,
    coalesce((SELECT min(a.amopstrategy) FROM pg_amop AS a WHERE a.amopopr = o.oid AND a.amopmethod = 403), 0)::integer
        AS strategy,
    o.oprcom::bigint AS commutator_oid,
    coalesce(p.provolatile = 'i', FALSE) AS is_immutable,
    coalesce((
        SELECT
            json_agg(
                json_build_array(
                    CASE WHEN n.nspname = 'pg_catalog' THEN '' ELSE quote_ident(n.nspname) || '.' END || quote_ident(c.opcname),
                    m.amname,
                    c.opcintype::bigint,
                    c.opcdefault
                )
                ORDER BY m.amname, NOT c.opcdefault, c.opcname
            )
        FROM pg_amop AS a
        JOIN pg_opclass AS c ON c.opcfamily = a.amopfamily
        JOIN pg_namespace AS n ON n.oid = c.opcnamespace
        JOIN pg_am AS m ON m.oid = c.opcmethod
        WHERE a.amopopr = o.oid AND a.amoppurpose = 's' AND m.amname IN ('gin', 'gist', 'spgist')
    ), '[]') AS classes
FROM wanted AS w
JOIN pg_operator AS o ON o.oid = w.oid
JOIN pg_namespace AS u ON u.oid = o.oprnamespace
LEFT JOIN pg_proc AS p ON p.oid = o.oprcode
ORDER BY o.oid
