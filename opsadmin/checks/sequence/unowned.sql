-- title: Sequence that its column does not own
-- severity: warning
-- says: {object} feeds {column_object} by its default, and nothing owns it.
-- why: It stays when the table goes, is left out where the table is copied or dumped alone, and can be dropped from under it.
-- hint: {what_to_do}
-- lock: SHARE ROW EXCLUSIVE on {object}: whoever wants a value waits for a moment
-- source: PostgreSQL documentation, CREATE SEQUENCE, OWNED BY
-- examined: {sequences} sequences
SELECT
    s.object,
    min(f.object) AS column_object,
    CASE
        WHEN min(f.table_schema) = s.schema AND bool_and(f.table_owner = s.role_oid)
            THEN 'Let the column own it; where several tables are meant to share it, ignore this finding.'
        ELSE 'Put both into one schema with one owner, then let the column own it (ALTER SEQUENCE ... OWNED BY).'
    END AS what_to_do,
    CASE
        WHEN min(f.table_schema) = s.schema AND bool_and(f.table_owner = s.role_oid)
            THEN format('ALTER SEQUENCE %s OWNED BY %s;', s.object, min(f.object))
        ELSE ''
    END AS fix_sql,
    1 AS weight
FROM sequences AS s
INNER JOIN fed_columns AS f ON f.sequence_oid = s.oid
WHERE s.owner_oid IS NULL AND f.is_number
GROUP BY s.oid, s.object, s.schema, s.role_oid
HAVING count(*) = 1
