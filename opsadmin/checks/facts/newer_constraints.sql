-- What only newer versions know of a constraint; a row for each that differs from what was always so.
SELECT
    NULL::oid AS oid,
    true AS is_enforced,
    NULL::int2[] AS emptied_columns
WHERE false
