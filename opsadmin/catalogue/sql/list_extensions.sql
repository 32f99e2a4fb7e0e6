-- A page of the extensions of this database. They stand beside the schemas; each names the one its objects went to.
SELECT
    n.nspname AS schema,
    e.extname AS name,
    'extension' AS kind,
    pg_get_userbyid(e.extowner) AS owner,
    d.description AS comment,
    count(*) OVER () AS total,
    e.extversion AS version,
    a.default_version AS available_version
FROM pg_extension AS e
INNER JOIN pg_namespace AS n ON n.oid = e.extnamespace
LEFT JOIN pg_available_extensions() AS a ON a.name = e.extname
LEFT JOIN pg_description AS d ON d.classoid = 'pg_extension'::regclass AND d.objoid = e.oid AND d.objsubid = 0
WHERE %(search)s = '' OR strpos(lower(e.extname), lower(%(search)s)) > 0
ORDER BY e.extname
LIMIT %(limit)s::int
OFFSET %(skip)s::int
