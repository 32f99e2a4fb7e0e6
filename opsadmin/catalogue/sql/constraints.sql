-- The constraints of a relation, and the foreign keys of others that point to it. The copies that a partitioned table's
-- constraint has in its partitions stand with the partitions. What a CHECK or EXCLUDE says takes a lock on the table and
-- is asked for by definitions.sql.
SELECT
    k.oid::bigint AS oid,
    k.conname AS name,
    CASE k.contype
        WHEN 'p' THEN 'primary key'
        WHEN 'u' THEN 'unique'
        WHEN 'f' THEN 'foreign key'
        WHEN 'c' THEN 'check'
        WHEN 'x' THEN 'exclude'
        WHEN 'n' THEN 'not null'
        WHEN 't' THEN 'constraint trigger'
    END AS kind,
    CASE WHEN k.conrelid <> %(oid)s OR k.contype NOT IN ('c', 'x') THEN pg_get_constraintdef(k.oid) END AS definition,
    ARRAY(
        SELECT a.attname
        FROM unnest(k.conkey) WITH ORDINALITY AS u (attnum, place)
        INNER JOIN pg_attribute AS a ON a.attrelid = k.conrelid AND a.attnum = u.attnum
        ORDER BY u.place
    ) AS columns,
    k.convalidated AS validated,
    k.condeferrable AS "deferrable",
    k.condeferred AS deferred,
    k.connoinherit AS no_inherit,
    k.coninhcount > 0 AS inherited,
    coalesce((to_jsonb(k) ->> 'conenforced')::boolean, true) AS enforced,
    CASE WHEN k.contype IN ('p', 'u', 'x') THEN i.relname END AS index,
    CASE WHEN k.contype = 'f' THEN quote_ident(fn.nspname) || '.' || quote_ident(f.relname) END AS "references",
    quote_ident(n.nspname) || '.' || quote_ident(c.relname) AS "table",
    k.conrelid = %(oid)s AS own,
    k.confrelid = %(oid)s AS incoming,
    obj_description(k.oid, 'pg_constraint') AS comment
FROM pg_constraint AS k
INNER JOIN pg_class AS c ON c.oid = k.conrelid
INNER JOIN pg_namespace AS n ON n.oid = c.relnamespace
LEFT JOIN pg_class AS i ON i.oid = k.conindid
LEFT JOIN pg_class AS f ON f.oid = k.confrelid
LEFT JOIN pg_namespace AS fn ON fn.oid = f.relnamespace
LEFT JOIN pg_constraint AS parent ON parent.oid = k.conparentid AND k.conparentid <> 0
WHERE
    k.conrelid = %(oid)s AND parent.conrelid IS DISTINCT FROM k.conrelid
    -- PostgreSQL 18 has each NOT NULL here, too. What the column says already is left out.
    AND NOT (k.contype = 'n' AND k.convalidated AND NOT k.connoinherit)
    OR k.confrelid = %(oid)s AND k.contype = 'f' AND parent.confrelid IS DISTINCT FROM k.confrelid
ORDER BY array_position(ARRAY['p', 'u', 'x', 'f', 'c', 'n', 't'], k.contype::text), k.conname, k.oid
