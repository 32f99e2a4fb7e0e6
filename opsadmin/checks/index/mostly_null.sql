-- title: Index that is mostly NULL
-- severity: warning
-- needs: statistics
-- threshold: min_null_percent = 70 %; of the rows, as the last ANALYZE saw them (our choice)
-- threshold: min_rows = 1 k; of the table (our choice)
-- says: {object} ({size_bytes}) on {table_object}: {null_percent} of {field} is NULL.
-- why: Most of the index, and of the work that writes put into it, is for rows that nobody looks up by it.
-- hint: Make it anew with WHERE {field} IS NOT NULL, then drop this one.
-- source: PostgreSQL documentation, 11.8 Partial Indexes
-- examined: {column_stats} columns' statistics

-- A foreign key's index is left alone: whoever made it thought of the key.
WITH suspects AS (
    SELECT x.oid, x.object, x.table_object, x.table_oid, x.bytes, w.number, w.is_readable
    FROM indexes AS x
    INNER JOIN wanted_columns AS w ON w.table_oid = x.table_oid AND w.number = x.columns[0]
    WHERE x.key_count = 1 AND x.predicate IS NULL AND NOT x.is_unique AND NOT x.is_exclusion AND x.is_valid
        AND x.method <> 'brin' AND x.kind <> 'I' AND x.table_rows >= :min_rows
        AND NOT EXISTS (
            SELECT FROM pg_constraint AS k
            WHERE k.contype = 'f' AND k.conrelid = x.table_oid AND x.columns[0] = ANY(k.conkey)
        )
)

SELECT
    x.object,
    x.table_object,
    quote_ident(s.name) AS field,
    100 * s.null_share AS null_percent,
    x.bytes AS size_bytes,
    x.bytes AS weight,
    NULL AS not_looked_at,
    false AS nothing_seen,
    NULL AS fix_sql
FROM suspects AS x
INNER JOIN column_stats AS s ON s.table_oid = x.table_oid AND s.number = x.number
WHERE 100 * s.null_share >= :min_null_percent
UNION ALL
SELECT
    format('%s indexes', b.unseen),
    NULL,
    NULL,
    NULL,
    NULL,
    NULL,
    format(
        'The role %s may not read the tables of %s of the %s indexes in question, and is not told how much of their columns is NULL.',
        current_user, b.unseen, b.total
    ),
    b.unseen = b.total,
    format('GRANT pg_read_all_data TO %I;', current_user)
FROM (
    SELECT count(DISTINCT s.oid) FILTER (WHERE NOT s.is_readable) AS unseen, count(DISTINCT s.oid) AS total
    FROM suspects AS s
) AS b
WHERE b.unseen > 0
