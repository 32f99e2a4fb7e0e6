-- title: Foreign key without an index
-- severity: warning
-- says: The foreign key {object} ({columns}, to {referenced_object}) has no index that finds its rows{nearly}.
-- why: Each DELETE or change of a key in what it refers to reads the whole table, holding its locks meanwhile.
-- hint: Make an index that begins with these columns, in any order.
-- fix: CREATE INDEX CONCURRENTLY ON {table_object} ({columns});
-- lock: SHARE UPDATE EXCLUSIVE on {table_object}
-- source: PostgreSQL documentation, 5.4.5 Foreign Keys
-- examined: {foreign_keys} foreign keys

-- A usable index is valid, begins with the key's columns in any order under the columns' own collations, and leaves out
-- no rows but those with NULL in the key. A unique one on a part of the columns finds the row as well. Of a partitioned
-- table each partition is asked, by the copy of the key that it has, and the parent's key is reported.
WITH RECURSIVE keys AS (
    SELECT k.oid, k.oid AS root, k.conrelid AS table_oid, k.conkey AS columns
    FROM pg_constraint AS k
    WHERE k.contype = 'f' AND k.conparentid = 0
    UNION ALL
    SELECT k.oid, p.root, k.conrelid, k.conkey
    FROM keys AS p
    INNER JOIN pg_constraint AS k ON k.conparentid = p.oid
),

candidates AS (
    SELECT
        x.table_oid,
        x.object,
        x.columns[0:x.key_count - 1] AS columns,
        x.columns[0] AS first_column,
        x.collations,
        x.is_valid,
        x.is_unique,
        x.predicate,
        CASE
            WHEN x.predicate ~ (
                '^(\{BOOLEXPR :boolop and :args \()?'
                '(\{NULLTEST :arg \{VAR [^{}]*\} :nulltesttype 1 [^{}]*\} ?)+(\) *\})?$'
            )
                THEN ARRAY(SELECT (regexp_matches(x.predicate, ':varattno (\d+)', 'g'))[1]::int2)
        END AS not_null
    FROM indexes AS x
    WHERE x.method NOT IN ('brin', 'gin') AND x.kind <> 'I'
),

uncovered AS (
    SELECT DISTINCT k.root, k.table_oid, k.columns
    FROM keys AS k
    INNER JOIN tables AS t ON t.oid = k.table_oid AND t.kind = 'r'
    WHERE NOT EXISTS (
        SELECT FROM candidates AS x
        WHERE x.table_oid = k.table_oid AND x.is_valid
            AND (x.predicate IS NULL OR x.not_null <@ k.columns)
            AND (
                x.columns[1:cardinality(k.columns)] @> k.columns
                OR x.is_unique AND x.predicate IS NULL AND x.columns <@ k.columns
            )
            AND (
                0 = ALL(x.collations)
                OR NOT EXISTS (
                    SELECT FROM pg_attribute AS a
                    WHERE a.attrelid = k.table_oid AND a.attnum = ANY(k.columns)
                        AND a.attcollation <> x.collations[array_position(x.columns, a.attnum) - 1]
                )
            )
    )
),

explained AS (
    SELECT DISTINCT ON (u.root)
        u.root,
        CASE
            WHEN x.object IS NULL THEN ''
            WHEN NOT x.is_valid THEN format(': %s is not valid', x.object)
            WHEN x.predicate IS NOT NULL AND NOT coalesce(x.not_null <@ u.columns, false)
                THEN format(': %s is a partial one', x.object)
            WHEN x.columns[1:cardinality(u.columns)] @> u.columns THEN format(': %s goes by another collation', x.object)
            ELSE format(': %s does not begin with all of them', x.object)
        END AS nearly
    FROM uncovered AS u
    LEFT JOIN candidates AS x ON x.table_oid = u.table_oid AND x.first_column = ANY(u.columns)
    ORDER BY u.root ASC, x.columns[1:cardinality(u.columns)] @> u.columns DESC NULLS LAST, x.object ASC
)

SELECT
    format('%s.%I', k.table_object, k.name) AS object,
    k.table_object,
    k.referenced_object,
    e.nearly,
    k.table_rows AS weight,
    c.columns,
    CASE WHEN k.table_kind = 'p' THEN format('CREATE INDEX ON %s (%s);', k.table_object, c.columns) END AS fix_sql,
    CASE WHEN k.table_kind = 'p' THEN format('SHARE on %s and its partitions', k.table_object) END AS lock
FROM explained AS e
INNER JOIN foreign_keys AS k ON k.oid = e.root
CROSS JOIN LATERAL (
    SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY array_position(k.columns, a.attnum)) AS columns
    FROM pg_attribute AS a
    WHERE a.attrelid = k.table_oid AND a.attnum = ANY(k.columns)
) AS c
