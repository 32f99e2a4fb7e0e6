-- What an object uses and what uses it, as pg_depend tracks it: columns by views, functions by triggers, tables by foreign
-- keys ... What belongs to a table (its constraints, triggers, rules, policies, defaults, indexes) speaks for it.
-- `class`: the catalogue that the object is in; `row_type`: that of a table, 0 for anything else.
WITH self AS (
    SELECT %(class)s::regclass::oid AS classid, %(oid)s::oid AS objid
),

own AS (
    SELECT classid, objid
    FROM self
    UNION
    SELECT 'pg_type'::regclass, u.oid
    FROM pg_type AS t
    CROSS JOIN LATERAL unnest(ARRAY[t.oid, t.typarray]) AS u (oid)
    WHERE t.oid = CASE WHEN %(class)s = 'pg_type' THEN %(oid)s ELSE %(row_type)s END::oid AND u.oid <> 0
    UNION
    SELECT 'pg_class'::regclass, t.typrelid
    FROM pg_type AS t
    WHERE %(class)s = 'pg_type' AND t.oid = %(oid)s AND t.typrelid <> 0
    UNION
    SELECT 'pg_type'::regclass, r.rngmultitypid
    FROM pg_range AS r
    WHERE %(class)s = 'pg_type' AND r.rngtypid = %(oid)s
    UNION
    SELECT 'pg_constraint'::regclass, k.oid
    FROM pg_constraint AS k
    WHERE %(class)s = 'pg_class' AND k.conrelid = %(oid)s
    UNION
    SELECT 'pg_constraint'::regclass, k.oid
    FROM pg_constraint AS k
    WHERE %(class)s = 'pg_type' AND k.contypid = %(oid)s
    UNION
    SELECT 'pg_rewrite'::regclass, w.oid
    FROM pg_rewrite AS w
    WHERE %(class)s = 'pg_class' AND w.ev_class = %(oid)s
    UNION
    SELECT 'pg_trigger'::regclass, t.oid
    FROM pg_trigger AS t
    WHERE %(class)s = 'pg_class' AND t.tgrelid = %(oid)s AND NOT t.tgisinternal
    UNION
    SELECT 'pg_policy'::regclass, w.oid
    FROM pg_policy AS w
    WHERE %(class)s = 'pg_class' AND w.polrelid = %(oid)s
    UNION
    SELECT 'pg_attrdef'::regclass, d.oid
    FROM pg_attrdef AS d
    WHERE %(class)s = 'pg_class' AND d.adrelid = %(oid)s
    UNION
    SELECT 'pg_class'::regclass, x.indexrelid
    FROM pg_index AS x
    WHERE %(class)s = 'pg_class' AND x.indrelid = %(oid)s
),

-- `via`: the part by which one object depends on the other.
edge AS (
    SELECT
        true AS uses,
        d.refclassid AS classid,
        d.refobjid AS objid,
        d.refobjid AS attrelid,
        d.refobjsubid AS attnum,
        d.classid AS via_class,
        d.objid AS via_oid,
        d.objsubid AS via_attnum
    FROM own AS o
    INNER JOIN pg_depend AS d ON d.classid = o.classid AND d.objid = o.objid
    WHERE
        d.deptype IN ('n', 'x')
        AND d.refclassid NOT IN ('pg_namespace'::regclass, 'pg_language'::regclass, 'pg_am'::regclass)
        AND NOT EXISTS (SELECT FROM pg_inherits AS i WHERE i.inhrelid = d.objid AND i.inhparent = d.refobjid)
    UNION ALL
    SELECT
        false,
        d.classid,
        d.objid,
        d.refobjid,
        d.refobjsubid,
        d.classid AS via_class,
        d.objid AS via_oid,
        d.objsubid AS via_attnum
    FROM own AS o
    INNER JOIN pg_depend AS d ON d.refclassid = o.classid AND d.refobjid = o.objid
    WHERE
        (d.deptype IN ('n', 'x') OR d.deptype = 'a' AND d.classid <> 'pg_class'::regclass)
        -- What came with it is no use of it: a range's constructors, a domain's check.
        AND NOT EXISTS (
            SELECT
            FROM own AS it
            INNER JOIN pg_depend AS i ON i.refclassid = it.classid AND i.refobjid = it.objid
            WHERE i.classid = d.classid AND i.objid = d.objid AND i.deptype = 'i'
        )
        AND NOT EXISTS (SELECT FROM pg_inherits AS i WHERE i.inhrelid = d.objid AND i.inhparent = d.refobjid)
),

-- A view is known by its rule, a table by its foreign key, a column by its default: the object is what they belong to.
resolved AS (
    SELECT
        e.uses,
        CASE
            WHEN e.uses AND el.oid IS NOT NULL THEN el.oid
            WHEN e.uses THEN e.objid
            ELSE coalesce(
                w.ev_class, nullif(k.conrelid, 0), nullif(k.contypid, 0), t.tgrelid, p.polrelid, d.adrelid, x.indrelid,
                s.stxrelid, pr.prpubid, el.oid, e.objid
            )
        END AS objid,
        CASE
            WHEN e.uses THEN e.classid
            WHEN coalesce(
                w.ev_class, nullif(k.conrelid, 0), t.tgrelid, p.polrelid, d.adrelid, x.indrelid, s.stxrelid
            ) IS NOT NULL THEN 'pg_class'::regclass
            WHEN k.contypid <> 0 THEN 'pg_type'::regclass
            WHEN pr.oid IS NOT NULL THEN 'pg_publication'::regclass
            ELSE e.classid
        END AS classid,
        CASE
            WHEN w.rulename = '_RETURN' THEN 'definition'
            WHEN w.oid IS NOT NULL THEN 'rule ' || w.rulename
            WHEN k.contype = 'f' THEN 'foreign key ' || k.conname
            WHEN k.oid IS NOT NULL THEN 'constraint ' || k.conname
            WHEN t.oid IS NOT NULL THEN 'trigger ' || t.tgname
            WHEN p.oid IS NOT NULL THEN 'policy ' || p.polname
            WHEN d.oid IS NOT NULL THEN 'default of ' || da.attname
            WHEN x.indexrelid IS NOT NULL THEN 'index ' || xc.relname
            WHEN s.oid IS NOT NULL THEN 'statistics ' || s.stxname
            WHEN va.attname IS NOT NULL THEN 'column ' || va.attname
            ELSE ''
        END AS how,
        ua.attname AS column_name
    FROM edge AS e
    LEFT JOIN pg_rewrite AS w ON e.via_class = 'pg_rewrite'::regclass AND w.oid = e.via_oid
    LEFT JOIN pg_constraint AS k ON e.via_class = 'pg_constraint'::regclass AND k.oid = e.via_oid
    LEFT JOIN pg_trigger AS t ON e.via_class = 'pg_trigger'::regclass AND t.oid = e.via_oid
    LEFT JOIN pg_policy AS p ON e.via_class = 'pg_policy'::regclass AND p.oid = e.via_oid
    LEFT JOIN pg_attrdef AS d ON e.via_class = 'pg_attrdef'::regclass AND d.oid = e.via_oid
    LEFT JOIN pg_attribute AS da ON da.attrelid = d.adrelid AND da.attnum = d.adnum
    LEFT JOIN pg_index AS x ON e.via_class = 'pg_class'::regclass AND x.indexrelid = e.via_oid
    LEFT JOIN pg_class AS xc ON xc.oid = x.indexrelid
    LEFT JOIN pg_statistic_ext AS s ON e.via_class = 'pg_statistic_ext'::regclass AND s.oid = e.via_oid
    LEFT JOIN pg_publication_rel AS pr ON e.via_class = 'pg_publication_rel'::regclass AND pr.oid = e.via_oid
    -- An array type stands for its element's.
    LEFT JOIN pg_type AS el ON e.classid = 'pg_type'::regclass AND el.typarray = e.objid
    LEFT JOIN pg_attribute AS va
        ON e.via_class = 'pg_class'::regclass AND va.attrelid = e.via_oid AND va.attnum = e.via_attnum AND va.attnum > 0
    LEFT JOIN pg_attribute AS ua ON ua.attrelid = e.attrelid AND ua.attnum = e.attnum AND ua.attnum > 0
    WHERE k.oid IS NULL OR e.uses OR k.conparentid = 0
),

grouped AS (
    SELECT
        r.uses,
        r.classid,
        r.objid,
        r.how,
        coalesce(array_agg(DISTINCT r.column_name) FILTER (WHERE r.column_name IS NOT NULL), '{}') AS columns,
        count(*) OVER (PARTITION BY r.uses) AS total,
        row_number() OVER (PARTITION BY r.uses ORDER BY r.classid, r.objid, r.how) AS place
    FROM resolved AS r
    WHERE NOT EXISTS (SELECT FROM self AS o WHERE o.classid = r.classid AND o.objid = r.objid)
    GROUP BY r.uses, r.classid, r.objid, r.how
)

SELECT g.uses, i.type AS kind, i.identity AS name, g.how, g.columns, g.total
FROM grouped AS g
CROSS JOIN LATERAL pg_identify_object(g.classid, g.objid, 0) AS i
WHERE g.place <= %(limit)s
ORDER BY g.uses DESC, i.type ASC, i.identity ASC, g.how ASC
