-- What only newer versions know of a constraint; a row for each that differs from what was always so. ON DELETE SET NULL
-- may name the columns since 15, a constraint may be NOT ENFORCED since 18.
SELECT
    k.oid,
    k.conenforced AS is_enforced,
    k.confdelsetcols::int2[] AS emptied_columns
FROM pg_constraint AS k
WHERE k.confdelsetcols IS NOT NULL OR NOT k.conenforced
