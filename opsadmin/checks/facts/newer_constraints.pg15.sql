-- What only newer versions know of a constraint; a row for each that differs from what was always so. ON DELETE SET NULL
-- may name the columns since 15.
SELECT
    k.oid,
    true AS is_enforced,
    k.confdelsetcols::int2[] AS emptied_columns
FROM pg_constraint AS k
WHERE k.confdelsetcols IS NOT NULL
