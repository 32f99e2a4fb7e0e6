-- A page of the functions, procedures, aggregates and window functions of a schema.
WITH picked AS MATERIALIZED (
    SELECT f.oid, count(*) OVER () AS total
    FROM pg_proc AS f
    WHERE
        f.pronamespace = (SELECT oid FROM pg_namespace WHERE nspname = %(schema)s)
        AND (%(search)s = '' OR strpos(lower(f.proname), lower(%(search)s)) > 0)
    ORDER BY f.proname, f.oid
    LIMIT %(limit)s::int
    OFFSET %(skip)s::int
)

SELECT
    %(schema)s AS schema,
    f.proname AS name,
    CASE f.prokind
        WHEN 'p' THEN 'procedure'
        WHEN 'a' THEN 'aggregate'
        WHEN 'w' THEN 'window_function'
        ELSE 'function'
    END AS kind,
    pg_get_userbyid(f.proowner) AS owner,
    d.description AS comment,
    p.total,
    pg_get_function_identity_arguments(f.oid) AS arguments,
    pg_get_function_result(f.oid) AS returns,
    l.lanname AS language,
    e.extname AS extension
FROM picked AS p
INNER JOIN pg_proc AS f ON f.oid = p.oid
INNER JOIN pg_language AS l ON l.oid = f.prolang
LEFT JOIN pg_description AS d ON d.classoid = 'pg_proc'::regclass AND d.objoid = f.oid AND d.objsubid = 0
LEFT JOIN pg_depend AS member
    ON member.classid = 'pg_proc'::regclass AND member.objid = f.oid AND member.deptype = 'e'
LEFT JOIN pg_extension AS e ON e.oid = member.refobjid
ORDER BY f.proname, f.oid
