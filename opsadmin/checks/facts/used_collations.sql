-- Collations with a version that this database's indexes use or its people made: the version that was recorded, and the
-- one that the server's libraries have. Before PostgreSQL 15 none was recorded of databases.
SELECT
    o.oid,
    format('%I.%I', n.nspname, o.collname) AS object,
    o.collversion AS recorded,
    coalesce(pg_collation_actual_version(o.oid), 'none') AS actual,
    format('ALTER COLLATION %I.%I REFRESH VERSION;', n.nspname, o.collname) AS refresh,
    false AS is_elsewhere
FROM pg_collation AS o
INNER JOIN pg_namespace AS n ON n.oid = o.collnamespace
WHERE o.collversion IS NOT NULL
    AND (
        n.nspname <> 'pg_catalog'
        OR o.oid IN (SELECT unnest(x.collations) FROM indexes AS x WHERE NOT 0 = ALL(x.collations))
    )
