-- title: Foreign key without an index
-- severity: warning
-- says: The foreign key {object} ({columns}, to {referenced_object}) has no index that finds its rows{nearly}.
-- why: Each DELETE or change of a key in what it refers to reads the whole table, holding its locks meanwhile.
-- hint: Make an index that begins with these columns, in any order.
-- fix: CREATE INDEX CONCURRENTLY ON {table_object} ({columns});
-- lock: SHARE UPDATE EXCLUSIVE on {table_object}
-- source: PostgreSQL documentation, 5.4.5 Foreign Keys
-- examined: {foreign_keys} foreign keys

-- Of a partitioned table each partition is asked, by the copy of the key that it has, and the parent's key is reported.
WITH uncovered AS (
    SELECT j.root, min(': ' || j.lack) AS nearly
    FROM key_indexes AS j
    GROUP BY j.root, j.table_oid
    HAVING NOT bool_or(j.is_served)
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
