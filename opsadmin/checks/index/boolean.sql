-- title: Index on a boolean alone
-- severity: warning
-- threshold: min_rows = 100; of the table (our choice)
-- says: {object} ({size_bytes}) on {table_object} has nothing but the boolean {field}.
-- why: A value that half of the rows have leads to no row faster than reading the table, and every write pays for the index.
-- hint: Drop it, or make it partial where one value is rare and wanted: CREATE INDEX ... (what you order by) WHERE {field}.
-- source: PostgreSQL documentation, 11.8 Partial Indexes
-- examined: {indexes} indexes

-- A partitioned index is told once.
SELECT
    min(coalesce(x.root_object, x.object)) AS object,
    min(coalesce(x.root_table_object, x.table_object)) AS table_object,
    min(quote_ident(a.attname)) AS field,
    sum(x.bytes)::int8 AS size_bytes,
    sum(x.bytes)::int8 AS weight
FROM indexes AS x
INNER JOIN pg_attribute AS a ON a.attrelid = x.table_oid AND a.attnum = x.columns[0]
WHERE x.key_count = 1 AND x.predicate IS NULL AND NOT x.is_unique AND NOT x.is_exclusion AND x.is_valid
    AND x.classes[0] = ANY(ARRAY(SELECT o.oid FROM pg_opclass AS o WHERE o.opcintype = 16))
    AND x.method <> 'brin' AND x.expressions IS NULL
GROUP BY x.root
HAVING sum(x.table_rows) >= :min_rows
