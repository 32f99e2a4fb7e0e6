-- One row: how many dead rows this database has, and when a VACUUM last came to a table and had to leave some there.
SELECT
    coalesce(sum(v.dead), 0)::int8 AS rows,
    max(v.vacuumed_at) FILTER (WHERE v.dead > 0) AS left_at
FROM vacuumed AS v
