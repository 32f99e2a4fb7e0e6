-- A page of the types of a schema, without the row types of tables and the array types that come with every type.
WITH picked AS MATERIALIZED (
    SELECT t.oid, count(*) OVER () AS total
    FROM pg_type AS t
    LEFT JOIN pg_class AS c ON c.oid = t.typrelid
    WHERE
        t.typnamespace = (SELECT oid FROM pg_namespace WHERE nspname = %(schema)s)
        AND (t.typrelid = 0 OR c.relkind = 'c')
        AND NOT EXISTS (SELECT FROM pg_type AS el WHERE el.oid = t.typelem AND el.typarray = t.oid)
        AND (%(search)s = '' OR strpos(lower(t.typname), lower(%(search)s)) > 0)
    ORDER BY t.typname
    LIMIT %(limit)s::int
    OFFSET %(skip)s::int
)

SELECT
    %(schema)s AS schema,
    t.typname AS name,
    CASE t.typtype
        WHEN 'b' THEN 'base_type'
        WHEN 'c' THEN 'composite_type'
        WHEN 'd' THEN 'domain'
        WHEN 'e' THEN 'enum'
        WHEN 'r' THEN 'range_type'
        WHEN 'm' THEN 'multirange_type'
        ELSE 'pseudo_type'
    END AS kind,
    pg_get_userbyid(t.typowner) AS owner,
    d.description AS comment,
    p.total,
    CASE WHEN t.typtype = 'd' THEN format_type(t.typbasetype, t.typtypmod) END AS returns,
    e.extname AS extension
FROM picked AS p
INNER JOIN pg_type AS t ON t.oid = p.oid
LEFT JOIN pg_description AS d ON d.classoid = 'pg_type'::regclass AND d.objoid = t.oid AND d.objsubid = 0
LEFT JOIN pg_depend AS member
    ON member.classid = 'pg_type'::regclass AND member.objid = t.oid AND member.deptype = 'e'
LEFT JOIN pg_extension AS e ON e.oid = member.refobjid
ORDER BY t.typname
