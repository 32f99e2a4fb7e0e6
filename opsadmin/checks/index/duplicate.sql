-- title: Duplicate index
-- severity: warning
-- says: {object} ({size_bytes}) does the same work as {kept} on {table_object}.
-- why: Every write keeps both, and both take room in memory; no query gains by the second.
-- hint: Drop {object} and keep {kept}{because}.
-- fix: DROP INDEX CONCURRENTLY {object};
-- lock: SHARE UPDATE EXCLUSIVE on {table_object}
-- source: PostgreSQL wiki, Index Maintenance, "Duplicate indexes"
-- examined: {indexes} indexes

-- The same method, columns, operator classes, collations, order, expressions, predicate and included columns. What stands
-- for a constraint, or is used, is the one to keep. A partition's attached index is judged with its parent's.
WITH ranked AS (
    SELECT
        x.*,
        nn.oid IS NOT NULL AS is_null_once,
        -- The one to keep has more of the earlier reasons.
        ARRAY[
            x.is_partition::int,
            x.is_primary::int,
            (x.constraint_type IS NOT NULL)::int,
            x.is_referenced::int,
            x.is_replica_identity::int,
            x.is_unique::int,
            x.is_clustered::int,
            x.scans,
            -x.oid::int8
        ] AS merit
    FROM indexes AS x
    LEFT JOIN nulls_not_distinct AS nn ON nn.oid = x.oid
    WHERE x.is_valid AND (
        (x.table_oid, x.columns) IN (SELECT o.table_oid, o.columns FROM indexes AS o GROUP BY o.table_oid, o.columns HAVING count(*) > 1)
    ) IS TRUE
),

found AS (
    SELECT DISTINCT ON (d.oid)
        d.oid,
        d.object,
        d.bytes,
        d.kind,
        d.table_object,
        d.constraint_type,
        d.constraint_name,
        d.is_referenced,
        k.object AS kept,
        CASE
            WHEN k.is_primary THEN ', which is the primary key'
            WHEN k.constraint_type = 'x' THEN ', which stands for an exclusion constraint'
            WHEN k.constraint_type IS NOT NULL THEN ', which stands for a unique constraint'
            WHEN k.is_unique AND NOT d.is_unique THEN ', which also keeps values unique'
            ELSE ''
        END AS because
    FROM ranked AS d
    INNER JOIN ranked AS k
        ON k.table_oid = d.table_oid AND k.columns = d.columns AND k.method = d.method AND k.key_count = d.key_count
        AND k.classes = d.classes AND k.collations = d.collations AND k.orders = d.orders
        AND k.expressions IS NOT DISTINCT FROM d.expressions AND k.predicate IS NOT DISTINCT FROM d.predicate
        AND k.merit > d.merit
    WHERE NOT d.is_partition AND NOT d.is_exclusion AND NOT d.is_replica_identity
        -- A unique one may only go where the other guards as much.
        AND (
            NOT d.is_unique
            OR k.is_unique AND (k.is_immediate OR NOT d.is_immediate) AND (k.is_primary OR k.is_null_once OR NOT d.is_null_once)
        )
        -- BRIN by other page ranges answers other questions.
        AND (d.method <> 'brin' OR k.options IS NOT DISTINCT FROM d.options)
    ORDER BY d.oid ASC, k.merit DESC
)

SELECT
    f.object,
    f.kept,
    f.because,
    f.table_object,
    f.bytes AS size_bytes,
    f.bytes AS weight,
    CASE
        WHEN f.is_referenced THEN ''
        WHEN f.constraint_type IS NOT NULL THEN format('ALTER TABLE %s DROP CONSTRAINT %I;', f.table_object, f.constraint_name)
        WHEN f.kind = 'I' THEN format('DROP INDEX %s;', f.object)
    END AS fix_sql,
    CASE WHEN f.constraint_type IS NOT NULL OR f.kind = 'I' THEN format('ACCESS EXCLUSIVE on %s', f.table_object) END AS lock,
    CASE
        WHEN f.is_referenced THEN
            format('A foreign key refers to %s: point it at %s first, then drop it.', f.object, f.kept)
        WHEN f.constraint_type IS NOT NULL THEN
            format('Drop the constraint %I and keep %s%s.', f.constraint_name, f.kept, f.because)
    END AS hint
FROM found AS f
