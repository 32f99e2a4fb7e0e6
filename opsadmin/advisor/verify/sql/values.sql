-- What the statistics know of the values of those columns.
SELECT
    w.relid::bigint AS relid,
    w.number::integer AS number,
    s.most_common_vals::text::text [] AS common,
    s.most_common_freqs::float8 [] AS shares,
    s.histogram_bounds::text::text [] AS bounds
FROM unnest(%(relations)s::oid [], %(numbers)s::integer []) AS w (relid, number)
JOIN pg_class AS c ON c.oid = w.relid
JOIN pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_attribute AS a ON a.attrelid = w.relid AND a.attnum = w.number
JOIN pg_type AS t ON t.oid = a.atttypid
JOIN pg_stats AS s
    ON s.schemaname = n.nspname AND s.tablename = c.relname AND s.attname = a.attname
WHERE t.typcategory <> 'A'
ORDER BY s.inherited
