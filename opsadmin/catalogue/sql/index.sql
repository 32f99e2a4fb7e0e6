-- One index under one of several names, and its key by columns: operator class, collation and order as they are kept.
SELECT
    c.oid::bigint AS oid,
    x.indrelid::bigint AS table_oid,
    n.nspname AS schema_name,
    c.relname AS name,
    quote_ident(n.nspname) || '.' || quote_ident(c.relname) AS identity,
    CASE c.relkind WHEN 'I' THEN 'partitioned_index' ELSE 'index' END AS kind,
    pg_get_userbyid(c.relowner) AS owner,
    quote_ident(tn.nspname) || '.' || quote_ident(t.relname) AS "table",
    nullif(c.reltuples, -1)::bigint AS rows,
    e.extname AS extension,
    (SELECT stats_reset FROM pg_stat_database WHERE datname = current_database()) AS counted_since,
    keys.list AS keys
FROM pg_class AS c
INNER JOIN pg_namespace AS n ON n.oid = c.relnamespace
INNER JOIN pg_index AS x ON x.indexrelid = c.oid
INNER JOIN pg_class AS t ON t.oid = x.indrelid
INNER JOIN pg_namespace AS tn ON tn.oid = t.relnamespace
LEFT JOIN pg_depend AS member
    ON member.classid = 'pg_class'::regclass AND member.objid = t.oid AND member.objsubid = 0 AND member.deptype = 'e'
LEFT JOIN pg_extension AS e ON e.oid = member.refobjid
CROSS JOIN LATERAL (
    SELECT coalesce(json_agg(k ORDER BY k.position), '[]') AS list
    FROM (
        SELECT
            u.place AS position,
            a.attname AS name,
            format_type(ia.atttypid, ia.atttypmod) AS type,
            u.place <= x.indnkeyatts AS is_key,
            oc.opcname AS operator_class,
            CASE WHEN co.collname <> 'default' THEN quote_ident(cn.nspname) || '.' || quote_ident(co.collname) END
                AS collation,
            CASE WHEN am.amname = 'btree' AND u.place <= x.indnkeyatts THEN (u.options & 1) = 1 END AS descending,
            CASE WHEN am.amname = 'btree' AND u.place <= x.indnkeyatts THEN (u.options & 2) = 2 END AS nulls_first
        FROM unnest(
            x.indkey::smallint [], x.indclass::oid [], x.indcollation::oid [], x.indoption::smallint []
        ) WITH ORDINALITY AS u (attnum, class_oid, collation_oid, options, place)
        LEFT JOIN pg_attribute AS a ON a.attrelid = x.indrelid AND a.attnum = u.attnum
        LEFT JOIN pg_attribute AS ia ON ia.attrelid = c.oid AND ia.attnum = u.place
        LEFT JOIN pg_opclass AS oc ON oc.oid = u.class_oid
        LEFT JOIN pg_am AS am ON am.oid = c.relam
        LEFT JOIN pg_collation AS co ON co.oid = u.collation_oid AND u.collation_oid <> 0
        LEFT JOIN pg_namespace AS cn ON cn.oid = co.collnamespace
    ) AS k
) AS keys
WHERE
    n.nspname = ANY(%(schemas)s::name[])
    AND c.relname = ANY(%(names)s::name[])
    AND c.relkind IN ('i', 'I')
ORDER BY array_position(%(schemas)s::name[], n.nspname), array_position(%(names)s::name[], c.relname)
LIMIT 1
