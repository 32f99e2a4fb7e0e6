-- title: Foreign key between different types
-- severity: warning
-- says: The foreign key {object} joins columns of different types: {pairs}.
-- why: The narrower column runs out of values first, and every check and join converts one side.
-- hint: Give both sides one type; changing a column's type rewrites its table, so on a large one add a new column, fill
--    it in batches and swap.
-- source: PostgreSQL documentation, ALTER TABLE, SET DATA TYPE; text and varchar count as one type (our choice: they
--    are stored alike)
-- examined: {foreign_keys} foreign keys
WITH joined AS MATERIALIZED (
    SELECT
        f.oid,
        f.name,
        f.table_oid,
        f.table_object,
        f.table_rows,
        f.referenced_oid,
        f.referenced_object,
        pair.attnum,
        pair.referenced_attnum
    FROM foreign_keys AS f
    CROSS JOIN LATERAL unnest(f.columns, f.referenced_columns) AS pair (attnum, referenced_attnum)
),

columns_of AS (
    SELECT
        k.oid,
        k.table_object,
        k.referenced_object,
        k.table_rows,
        format('%s.%I', k.table_object, k.name) AS object,
        a.attname AS name,
        b.attname AS referenced_name,
        a.atttypid AS type,
        format_type(a.atttypid, a.atttypmod) AS written,
        format_type(b.atttypid, b.atttypmod) AS referenced_written,
        coalesce(nullif(domain_below_a.typbasetype, 0), nullif(t.typbasetype, 0), a.atttypid) AS base,
        coalesce(nullif(domain_below_b.typbasetype, 0), nullif(u.typbasetype, 0), b.atttypid) AS referenced_base
    FROM joined AS k
    INNER JOIN pg_attribute AS a ON a.attrelid = k.table_oid AND a.attnum = k.attnum
    INNER JOIN pg_attribute AS b ON b.attrelid = k.referenced_oid AND b.attnum = k.referenced_attnum
    INNER JOIN pg_type AS t ON t.oid = a.atttypid
    INNER JOIN pg_type AS u ON u.oid = b.atttypid
    -- A domain over a domain.
    LEFT JOIN pg_type AS domain_below_a ON domain_below_a.oid = t.typbasetype
    LEFT JOIN pg_type AS domain_below_b ON domain_below_b.oid = u.typbasetype
    WHERE a.atttypid <> b.atttypid
)

SELECT
    c.object,
    string_agg(
        format('%s.%I is %s, %s.%I is %s', c.table_object, c.name, c.written, c.referenced_object, c.referenced_name,
            c.referenced_written), '; '
    ) AS pairs,
    CASE WHEN bool_and(c.type IN (20, 21, 23) AND c.referenced_base IN (20, 21, 23)
        AND array_position(ARRAY[21, 23, 20]::oid[], c.base) < array_position(ARRAY[21, 23, 20]::oid[], c.referenced_base)
    ) THEN
        string_agg(
            format('ALTER TABLE %s ALTER COLUMN %I TYPE %s;', c.table_object, c.name, format_type(c.referenced_base, -1)),
            E'\n'
        )
    END AS fix_sql,
    'ACCESS EXCLUSIVE on ' || min(c.table_object) || ' while it is rewritten' AS lock,
    max(c.table_rows) AS weight
FROM columns_of AS c
WHERE c.base <> c.referenced_base AND NOT (c.base IN (25, 1043) AND c.referenced_base IN (25, 1043))
GROUP BY c.oid, c.object
