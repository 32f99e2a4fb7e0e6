-- title: Redundant index
-- severity: warning
-- says: {object} ({size_bytes}) is the beginning of {kept} on {table_object}, which can do its work.
-- why: Every write keeps both, and the longer one answers every question of the shorter.
-- hint: Drop {object}; keep it where {kept} is many times its size and the shorter one is used all the time.
-- fix: DROP INDEX CONCURRENTLY {object};
-- lock: SHARE UPDATE EXCLUSIVE on {table_object}
-- source: PostgreSQL documentation, 11.3 Multicolumn Indexes
-- examined: {indexes} indexes

-- B-trees only, with the same operator classes, collations, order and predicate. A unique one guards something, and a
-- clustered one was chosen: neither is redundant. What it INCLUDEs must be in the longer one too.
WITH btrees AS (
    SELECT
        x.*,
        x.columns[0] AS first_column,
        x.columns[0:x.key_count - 1] AS keys
    FROM indexes AS x
    WHERE x.is_btree AND x.is_valid AND (
        (x.table_oid, x.columns[0]) IN (
            SELECT o.table_oid, o.columns[0] FROM indexes AS o GROUP BY o.table_oid, o.columns[0] HAVING max(o.key_count) > min(o.key_count)
        )
    ) IS TRUE
),

found AS (
    SELECT DISTINCT ON (d.oid)
        d.oid,
        d.object,
        d.kind,
        d.bytes,
        d.table_object,
        k.object AS kept
    FROM btrees AS d
    INNER JOIN btrees AS k ON k.table_oid = d.table_oid AND k.first_column = d.first_column
    WHERE NOT d.is_unique AND NOT d.is_partition AND NOT d.is_clustered
        AND k.key_count > d.key_count
        AND k.columns[0:d.key_count - 1] = d.keys
        AND k.classes[0:d.key_count - 1] = d.classes[0:d.key_count - 1]
        AND k.collations[0:d.key_count - 1] = d.collations[0:d.key_count - 1]
        AND k.orders[0:d.key_count - 1] = d.orders[0:d.key_count - 1]
        AND d.columns[d.key_count:] <@ k.columns
        AND k.predicate IS NOT DISTINCT FROM d.predicate
        -- "({one})" is the beginning of "({one} {two})", and of itself.
        AND (
            d.expressions IS NULL
            OR d.expressions = k.expressions
            OR starts_with(k.expressions, left(d.expressions, -1) || ' ')
        )
    ORDER BY d.oid ASC, k.key_count DESC, k.is_unique DESC, k.oid ASC
)

SELECT
    f.object,
    f.kept,
    f.table_object,
    f.bytes AS size_bytes,
    f.bytes AS weight,
    CASE WHEN f.kind = 'I' THEN format('DROP INDEX %s;', f.object) END AS fix_sql,
    CASE WHEN f.kind = 'I' THEN format('ACCESS EXCLUSIVE on %s', f.table_object) END AS lock
FROM found AS f
