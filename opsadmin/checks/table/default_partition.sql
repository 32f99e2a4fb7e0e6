-- title: Rows in the default partition
-- severity: warning
-- threshold: min_rows = 100; rows where the partitions are ranges (our choice; a row there has no range of its own)
-- threshold: min_list_rows = 10 k; rows where the partitions are lists (our choice)
-- threshold: list_percent = 50 %; of all rows, where the partitions are lists (our choice)
-- says: {object} is the default partition of {parent_object} and has {rows} rows.
-- why: They belong to partitions that are missing; each new partition must scan them first, and is refused if one fits it.
-- hint: In one transaction: detach it, create the partitions that are missing, and insert its rows into the table again.
-- source: PostgreSQL documentation, CREATE TABLE, PARTITION OF ... DEFAULT
-- examined: {partitioned} partitioned tables
WITH siblings AS (
    SELECT
        i.inhparent AS parent,
        sum(t.rows) AS rows
    FROM pg_inherits AS i
    INNER JOIN tables AS t ON t.oid = i.inhrelid
    GROUP BY i.inhparent
)

SELECT
    t.object,
    p.object AS parent_object,
    t.rows,
    t.rows AS weight
FROM partitioned AS p
INNER JOIN tables AS t ON t.oid = p.default_oid
INNER JOIN siblings AS s ON s.parent = p.oid
WHERE p.partitions > 1
    AND (
        (p.strategy = 'r' AND t.rows >= :min_rows)
        OR (p.strategy = 'l' AND t.rows >= :min_list_rows AND t.rows * 100 >= :list_percent * s.rows)
    )
