-- title: Duplicate foreign key
-- severity: warning
-- says: The foreign key {object} repeats {kept}: the same columns refer to the same columns of {referenced_object}.
-- why: Every write to either table is checked twice, and the two may disagree on what a deletion does.
-- hint: Drop one of the two; where ON DELETE, ON UPDATE or DEFERRABLE differ, decide first which one is meant.
-- lock: ACCESS EXCLUSIVE on {table_object} and {referenced_object}, for a moment
-- source: PostgreSQL documentation, CREATE TABLE, FOREIGN KEY; our choice: any two over the same pairs of columns
-- examined: {foreign_keys} foreign keys
WITH ranked AS (
    SELECT
        k.*,
        row_number() OVER same AS place,
        first_value(k.oid) OVER same AS kept_oid,
        first_value(k.name) OVER same AS kept_name
    FROM (
        SELECT
            f.*,
            -- Whatever order the columns were written in.
            CASE WHEN cardinality(f.columns) = 1 THEN format('%s=%s', f.columns[1], f.referenced_columns[1])
                ELSE (
                    SELECT string_agg(format('%s=%s', p.attnum, p.referenced_attnum), ',' ORDER BY p.attnum)
                    FROM unnest(f.columns, f.referenced_columns) AS p (attnum, referenced_attnum)
                )
            END AS pairs
        FROM foreign_keys AS f
    ) AS k
    WINDOW same AS (PARTITION BY k.table_oid, k.referenced_oid, k.pairs ORDER BY k.is_valid DESC, k.oid ASC)
)

SELECT
    format('%s.%I', r.table_object, r.name) AS object,
    format('%s.%I', r.table_object, r.kept_name) AS kept,
    r.table_object,
    r.referenced_object,
    CASE WHEN (a.confdeltype, a.confupdtype, a.condeferrable, a.condeferred)
        = (b.confdeltype, b.confupdtype, b.condeferrable, b.condeferred)
    THEN format('ALTER TABLE %s DROP CONSTRAINT %I;', r.table_object, r.name) END AS fix_sql,
    r.table_rows AS weight
FROM ranked AS r
INNER JOIN pg_constraint AS a ON a.oid = r.oid
INNER JOIN pg_constraint AS b ON b.oid = r.kept_oid
WHERE r.place > 1
