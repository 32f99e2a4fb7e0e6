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
WITH keys AS (
    SELECT
        k.conrelid AS table_oid,
        k.conkey AS columns,
        CASE
            WHEN k.conparentid = 0 THEN k.oid
            ELSE (
                WITH RECURSIVE above AS (
                    SELECT k.conparentid AS oid
                    UNION ALL
                    SELECT p.conparentid
                    FROM above AS a
                    INNER JOIN pg_constraint AS p ON p.oid = a.oid AND p.conparentid <> 0
                )

                SELECT p.oid
                FROM above AS a
                INNER JOIN pg_constraint AS p ON p.oid = a.oid AND p.conparentid = 0
            )
        END AS root
    FROM pg_constraint AS k
    WHERE k.contype = 'f'
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

-- Each key beside each index of its table.
judged AS (
    SELECT
        k.root,
        k.table_oid,
        k.columns,
        x.object,
        x.first_column,
        x.is_valid,
        x.predicate IS NULL OR x.not_null <@ k.columns AS is_whole,
        x.columns[1:cardinality(k.columns)] @> k.columns
        OR x.is_unique AND x.predicate IS NULL AND x.columns <@ k.columns AS leads,
        0 = ALL(x.collations) OR NOT EXISTS (
            SELECT FROM pg_attribute AS a
            WHERE a.attrelid = k.table_oid AND a.attnum = ANY(k.columns)
                AND a.attcollation <> x.collations[array_position(x.columns, a.attnum) - 1]
        ) AS is_collated
    FROM keys AS k
    INNER JOIN tables AS t ON t.oid = k.table_oid AND t.kind <> 'p'
    LEFT JOIN candidates AS x ON x.table_oid = k.table_oid
),

uncovered AS (
    SELECT
        j.root,
        min(
            CASE
                WHEN NOT j.first_column = ANY(j.columns) THEN NULL
                WHEN NOT j.is_valid THEN format(': %s is not valid', j.object)
                WHEN NOT coalesce(j.is_whole, false) THEN format(': %s is a partial one', j.object)
                WHEN j.leads THEN format(': %s goes by another collation', j.object)
                ELSE format(': %s does not begin with all of them', j.object)
            END
        ) AS nearly
    FROM judged AS j
    GROUP BY j.root, j.table_oid
    HAVING NOT bool_or(coalesce(j.is_valid AND j.is_whole AND j.leads AND j.is_collated, false))
),

explained AS (
    SELECT u.root, coalesce(min(u.nearly), '') AS nearly
    FROM uncovered AS u
    GROUP BY u.root
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
