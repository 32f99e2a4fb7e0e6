-- title: No primary key
-- severity: warning
-- says: {object} ({rows} rows) has no primary key, and no unique index over NOT NULL columns that could stand for one.
-- why: One row cannot be told from its copy: logical replication cannot change it, and duplicates stay.
-- hint: Add one: over columns that identify a row (build the unique index CONCURRENTLY first, then ADD PRIMARY KEY USING
--    INDEX), or a new identity column.
-- lock: ACCESS EXCLUSIVE on {object}, for a moment after the index is built
-- source: PostgreSQL documentation, 5.5.4 Primary Keys; our choice: unlogged tables pass, as do partitioned ones whose
--    partitions all have one
-- examined: {relations} relations
WITH RECURSIVE keyless AS (
    SELECT
        r.oid,
        r.object,
        r.kind,
        r.is_partition,
        greatest(r.rows_at_analyze, 0) AS rows
    FROM relations AS r
    -- NOT IN is hashed whatever the planner believes; a join with a CTE may become a loop over both.
    WHERE r.kind IN ('r', 'p') AND r.persistence = 'p'
        AND r.oid NOT IN (SELECT i.indrelid FROM pg_index AS i WHERE i.indisprimary)
),

identified AS (
    SELECT i.indrelid AS oid
    FROM pg_index AS i
    CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS key (attnum, place)
    LEFT JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = key.attnum
    WHERE i.indisunique AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL
        AND key.place <= i.indnkeyatts
        AND i.indrelid IN (SELECT k.oid FROM keyless AS k)
    GROUP BY i.indexrelid, i.indrelid
    HAVING bool_and(coalesce(a.attnotnull, false))
),

without AS (
    SELECT k.*
    FROM keyless AS k
    WHERE k.oid NOT IN (SELECT i.oid FROM identified AS i)
),

below AS (
    SELECT
        w.oid AS root,
        w.oid,
        w.kind
    FROM without AS w
    WHERE w.kind = 'p' AND NOT w.is_partition
    UNION ALL
    SELECT
        b.root,
        c.oid,
        c.kind
    FROM below AS b
    INNER JOIN pg_inherits AS h ON h.inhparent = b.oid
    INNER JOIN without AS c ON c.oid = h.inhrelid
    WHERE b.kind = 'p'
),

-- Partitioned tables with a partition that nothing identifies, or without any partition.
bare AS (
    SELECT b.root AS oid
    FROM below AS b
    WHERE b.kind <> 'p'
    UNION
    SELECT w.oid
    FROM without AS w
    WHERE w.kind = 'p' AND w.oid NOT IN (SELECT h.inhparent FROM pg_inherits AS h)
)

SELECT
    w.object,
    w.rows,
    w.rows AS weight
FROM without AS w
WHERE NOT w.is_partition AND (w.kind = 'r' OR w.oid IN (SELECT b.oid FROM bare AS b))
