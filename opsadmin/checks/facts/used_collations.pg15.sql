-- Collations with a version that this database's indexes use or its people made: the version that was recorded, and the
-- one that the server's libraries have. The database's own has the number 100, and goes by the database's name.
SELECT
    o.oid,
    format('%I.%I', n.nspname, o.collname) AS object,
    o.collversion AS recorded,
    coalesce(pg_collation_actual_version(o.oid), 'none') AS actual,
    format('ALTER COLLATION %I.%I REFRESH VERSION;', n.nspname, o.collname) AS refresh
FROM pg_collation AS o
INNER JOIN pg_namespace AS n ON n.oid = o.collnamespace
WHERE o.collversion IS NOT NULL
    AND (
        n.nspname <> 'pg_catalog'
        OR o.oid IN (SELECT unnest(x.collations) FROM indexes AS x WHERE NOT 0 = ALL(x.collations))
    )
UNION ALL
SELECT
    100,
    quote_ident(d.datname),
    d.datcollversion,
    coalesce(pg_database_collation_actual_version(d.oid), 'none'),
    format('ALTER DATABASE %I REFRESH COLLATION VERSION;', d.datname)
FROM pg_database AS d
WHERE d.datname = current_database() AND d.datcollversion IS NOT NULL
