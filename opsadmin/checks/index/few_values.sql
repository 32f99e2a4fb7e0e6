-- title: Index on a column with one or two values
-- severity: warning
-- needs: statistics
-- threshold: min_rows = 10 k; of the table (our choice)
-- threshold: max_values = 2; different ones, as the last ANALYZE saw them (our choice)
-- says: {object} ({size_bytes}) on {table_object} has nothing but {field}, with {distinct_values} different values in {rows}
--   rows.
-- why: A value that half of the rows have leads to no row faster than reading the table, and every write pays for the index.
-- hint: Drop it, or make it partial for a value that is rare and wanted.
-- source: PostgreSQL documentation, 11.8 Partial Indexes
-- examined: {column_stats} columns' statistics

-- What a foreign key needs stays, and booleans have a check of their own.
WITH suspects AS (
    SELECT x.oid, x.object, x.table_object, x.table_oid, x.table_rows, x.bytes, w.number, w.is_readable
    FROM indexes AS x
    INNER JOIN wanted_columns AS w ON w.table_oid = x.table_oid AND w.number = x.columns[0] AND w.type <> 16
    WHERE x.key_count = 1 AND x.predicate IS NULL AND NOT x.is_unique AND NOT x.is_exclusion AND x.is_valid
        AND x.method IN ('btree', 'hash') AND x.kind <> 'I' AND x.table_rows >= :min_rows
        AND NOT EXISTS (
            SELECT FROM pg_constraint AS k
            WHERE k.contype = 'f' AND k.conrelid = x.table_oid AND x.columns[0] = ANY(k.conkey)
        )
)

SELECT
    x.object,
    x.table_object,
    s.name AS field,
    round(s.distinct_values) AS distinct_values,
    x.table_rows::int8 AS rows,
    x.bytes AS size_bytes,
    x.bytes AS weight,
    NULL AS not_looked_at,
    false AS nothing_seen,
    NULL AS fix_sql
FROM suspects AS x
INNER JOIN column_stats AS s ON s.table_oid = x.table_oid AND s.number = x.number
WHERE s.distinct_values > 0 AND s.distinct_values <= :max_values
UNION ALL
SELECT
    format('%s indexes', b.unseen),
    NULL,
    NULL,
    NULL,
    NULL,
    NULL,
    NULL,
    format(
        'The role %s may not read the tables of %s of the %s indexes in question, and is not told how many values their columns have.',
        current_user, b.unseen, b.total
    ),
    b.unseen = b.total,
    format('GRANT pg_read_all_data TO %I;', current_user)
FROM (
    SELECT count(DISTINCT s.oid) FILTER (WHERE NOT s.is_readable) AS unseen, count(DISTINCT s.oid) AS total
    FROM suspects AS s
) AS b
WHERE b.unseen > 0
