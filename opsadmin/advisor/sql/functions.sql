-- The functions and types of the statements, as SQL names them.
SELECT
    p.oid::bigint AS oid,
    CASE WHEN n.nspname = 'pg_catalog' THEN '' ELSE quote_ident(n.nspname) || '.' END || quote_ident(p.proname) AS name,
    p.provolatile = 'i' AS is_immutable,
    coalesce(a.aggsortop <> 0, FALSE) AS is_extreme,
    FALSE AS is_type
FROM pg_proc AS p
JOIN pg_namespace AS n ON n.oid = p.pronamespace
LEFT JOIN pg_aggregate AS a ON a.aggfnoid = p.oid
WHERE p.oid = ANY(%(functions)s::oid [])
UNION ALL
SELECT
    t.oid::bigint AS oid,
    -- With -1, because `character` and `bit` alone are of length 1.
    format_type(t.oid, -1) AS name,
    TRUE AS is_immutable,
    FALSE AS is_extreme,
    TRUE AS is_type
FROM pg_type AS t
WHERE t.oid = ANY(%(types)s::oid [])
