-- Columns with what the statistics say of them. Statistics of a table that the role may not read are not in pg_stats.
SELECT
    a.attrelid::bigint AS relid,
    a.attnum::integer AS number,
    a.attname::text AS name,
    a.atttypid::bigint AS type,
    format_type(a.atttypid, NULL) AS type_name,
    a.attlen::integer AS length,
    a.attalign::text AS align,
    coalesce(s.avg_width, CASE WHEN a.attlen > 0 THEN a.attlen ELSE 32 END)::integer AS width,
    coalesce(
        CASE WHEN s.n_distinct < 0 THEN -s.n_distinct * greatest(c.reltuples, 0) ELSE s.n_distinct END, 0
    )::float8 AS distinct_values,
    coalesce(s.null_frac, 0)::float8 AS null_share,
    coalesce(s.correlation, 0)::float8 AS correlation,
    CASE WHEN t.typcategory <> 'A' THEN s.most_common_vals::text::text [] END AS common_values,
    s.most_common_freqs AS common_shares,
    -- equalimage: the types whose equal values have equal bytes. A nondeterministic collation has none.
    coalesce(o.equal, FALSE) AND coalesce(k.collisdeterministic, TRUE) AS deduplicates,
    o.has_order IS NOT NULL AS has_order,
    coalesce(k.oid IN (950, 951) OR (k.oid = 100 AND d.datcollate IN ('C', 'POSIX')) OR k.collcollate IN ('C', 'POSIX'), TRUE) AS c_order,
    a.attnotnull AS not_null,
    s.attname IS NOT NULL AS has_statistics,
    t.typcategory::text AS category,
    t.typelem::bigint AS element
FROM pg_attribute AS a
JOIN pg_class AS c ON c.oid = a.attrelid
JOIN pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_type AS t ON t.oid = a.atttypid
JOIN pg_database AS d ON d.datname = current_database()
LEFT JOIN pg_collation AS k ON k.oid = a.attcollation
LEFT JOIN pg_stats AS s
    ON s.schemaname = n.nspname AND s.tablename = c.relname AND s.attname = a.attname AND s.inherited = (c.relkind = 'p')
LEFT JOIN LATERAL (
    SELECT
        TRUE AS has_order,
        bool_or(p.amprocnum IS NOT NULL) AS equal
    FROM pg_opclass AS f
    LEFT JOIN pg_amproc AS p
        ON p.amprocfamily = f.opcfamily AND p.amproclefttype = f.opcintype AND p.amprocrighttype = f.opcintype AND p.amprocnum = 4
    WHERE
        f.opcdefault AND f.opcmethod = 403
        AND f.opcintype = ANY(
            ARRAY[
                CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END,
                CASE WHEN t.typcategory = 'A' THEN 2277 WHEN t.typtype = 'e' THEN 3500 WHEN t.typtype = 'r' THEN 3831 END,
                CASE WHEN t.oid = 1043 THEN 25 END
            ]
        )
    HAVING count(*) > 0
) AS o ON TRUE
WHERE a.attrelid = ANY(%(relations)s::oid []) AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attrelid, a.attnum
