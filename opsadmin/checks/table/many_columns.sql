-- title: Table with very many columns
-- severity: warning
-- threshold: max_columns = 200; columns (our choice)
-- threshold: max_slots = 1200; columns ever made, three quarters of the 1600 that PostgreSQL allows (our choice)
-- says: {object} has {columns} columns, and {dropped} dropped ones still count towards the 1600 that a table may ever have.
-- why: Every row is long, every change writes all of it anew, and one day ALTER TABLE ADD COLUMN is refused.
-- hint: {what_to_do}
-- source: PostgreSQL documentation, "PostgreSQL Limits"
-- examined: {tables} tables
SELECT
    t.object,
    count(*) FILTER (WHERE NOT a.attisdropped) AS columns,
    count(*) FILTER (WHERE a.attisdropped) AS dropped,
    CASE
        WHEN count(*) FILTER (WHERE a.attisdropped) > count(*) / 2
            THEN 'Make the table anew (a dump and restore of it, or a copy under its name) to forget the dropped columns.'
        ELSE 'Move columns that are seldom read into a table of their own, or sparse ones into a jsonb column.'
    END AS what_to_do,
    count(*) AS weight
FROM tables AS t
INNER JOIN pg_class AS c ON c.oid = t.oid AND c.relnatts >= :max_columns
INNER JOIN pg_attribute AS a ON a.attrelid = t.oid AND a.attnum > 0
WHERE NOT t.is_partition
GROUP BY t.object
HAVING count(*) FILTER (WHERE NOT a.attisdropped) >= :max_columns OR count(*) >= :max_slots
