-- Indexes that nobody read since the counters began, and that the check index.unused spares all the same, with what speaks
-- for each. Read beside that check, by the same facts.
WITH candidates AS (
    SELECT x.*
    FROM indexes AS x
    WHERE x.scans = 0 AND x.is_valid AND x.kind <> 'I'
),

-- Of several that would do for a foreign key the one to keep, as index.unused has it.
serving AS (
    SELECT DISTINCT ON (k.oid) k.index_oid
    FROM key_indexes AS k
    INNER JOIN indexes AS y ON y.oid = k.index_oid
    WHERE k.is_served AND k.table_oid IN (SELECT c.table_oid FROM candidates AS c)
    ORDER BY k.oid ASC, y.is_unique DESC, y.scans > 0 DESC, y.column_count ASC, k.index_oid ASC
)

SELECT
    x.object,
    x.bytes AS weight,
    CASE
        WHEN x.oid IN (SELECT s.index_oid FROM serving AS s) THEN 'foreign_key'
        WHEN x.is_clustered THEN 'clustered'
        WHEN x.expressions IS NOT NULL THEN 'expression'
        WHEN x.table_rows <= 0 THEN 'no_rows'
        ELSE 'not_sure'
    END AS because
FROM candidates AS x
WHERE x.object NOT IN (SELECT u.object FROM "index.unused" AS u)
