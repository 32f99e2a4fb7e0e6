-- The objects that an extension brought.
SELECT i.type AS kind, i.identity AS name, m.total
FROM (
    SELECT d.classid, d.objid, count(*) OVER () AS total
    FROM pg_depend AS d
    WHERE d.refclassid = 'pg_extension'::regclass AND d.refobjid = %(oid)s AND d.deptype = 'e'
    ORDER BY d.classid, d.objid
    LIMIT %(limit)s::int
) AS m
CROSS JOIN LATERAL pg_identify_object(m.classid, m.objid, 0) AS i
ORDER BY i.type, i.identity
