-- Foreign keys of tables with rows of their own, each beside each index of its table (NULLs where it has none): whether
-- that index finds the key's rows. One that does is valid, begins with the key's columns in any order under the columns'
-- own collations, and leaves out no rows but those with NULL in the key. A unique one on a part of the columns finds the
-- row as well. `root`: the parent's key, for a partition's copy of it; `lack`: why an index that begins like it does not.
WITH RECURSIVE keys AS (
    SELECT k.oid, k.oid AS root, k.conrelid AS table_oid, k.conkey AS columns
    FROM pg_constraint AS k
    WHERE k.contype = 'f' AND k.conparentid = 0
    UNION ALL
    -- From above, all copies of one level at once: to look up from each would read pg_constraint once for each partition.
    SELECT c.oid, k.root, c.conrelid, c.conkey
    FROM keys AS k
    INNER JOIN pg_constraint AS c ON c.conparentid = k.oid
),

candidates AS (
    SELECT
        x.oid,
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

judged AS (
    SELECT
        k.oid,
        k.root,
        k.table_oid,
        k.columns,
        x.oid AS index_oid,
        x.object AS index_object,
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
)

SELECT
    j.oid,
    j.root,
    j.table_oid,
    j.index_oid,
    coalesce(j.is_valid AND j.is_whole AND j.leads AND j.is_collated, false) AS is_served,
    CASE
        WHEN NOT j.first_column = ANY(j.columns) THEN NULL
        WHEN NOT j.is_valid THEN format('%s is not valid', j.index_object)
        WHEN NOT coalesce(j.is_whole, false) THEN format('%s is a partial one', j.index_object)
        WHEN NOT j.leads THEN format('%s does not begin with all of them', j.index_object)
        WHEN NOT j.is_collated THEN format('%s goes by another collation', j.index_object)
    END AS lack
FROM judged AS j
