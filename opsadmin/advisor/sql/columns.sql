-- Columns with what the statistics say of them. Statistics of a table that the role may not read are not in pg_stats.
WITH RECURSIVE kinds AS (
    SELECT DISTINCT
        a.atttypid AS type,
        a.atttypid AS base
    FROM pg_attribute AS a
    WHERE a.attrelid = ANY(%(relations)s::oid []) AND a.attnum > 0 AND NOT a.attisdropped
    UNION ALL
    SELECT
        k.type,
        t.typbasetype
    FROM kinds AS k
    JOIN pg_type AS t ON t.oid = k.base AND t.typtype = 'd'
),

-- The types with a default b-tree operator class: their own, or that of a type which their bytes are values of, too.
ordered AS (
    SELECT
        k.type,
        f.equal
    FROM kinds AS k
    JOIN pg_type AS t ON t.oid = k.base AND t.typtype <> 'd'
    JOIN LATERAL (
        SELECT p.amprocnum IS NOT NULL AS equal
        FROM pg_opclass AS c
        LEFT JOIN pg_amproc AS p
            ON
                p.amprocfamily = c.opcfamily AND p.amproclefttype = c.opcintype AND p.amprocrighttype = c.opcintype
                AND p.amprocnum = 4
        WHERE
            c.opcdefault AND c.opcmethod = 403
            AND (
                c.opcintype = t.oid
                OR c.opcintype = CASE
                    WHEN t.typcategory = 'A' AND t.typlen = -1 THEN 2277
                    ELSE CASE t.typtype WHEN 'e' THEN 3500 WHEN 'r' THEN 3831 WHEN 'm' THEN 4537 WHEN 'c' THEN 2249 END
                END
                OR EXISTS (
                    SELECT FROM pg_cast AS b
                    WHERE
                        b.castsource = t.oid AND b.casttarget = c.opcintype AND b.castmethod = 'b' AND b.castcontext = 'i'
                )
            )
        ORDER BY c.opcintype = t.oid DESC, c.opcintype
        LIMIT 1
    ) AS f ON TRUE
)

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
    o.type IS NOT NULL AS has_order,
    -- The database's own collation is libc's where it is not said otherwise (from PostgreSQL 15 on), and has no names itself.
    k.oid IS NULL OR k.oid IN (950, 951) OR coalesce(k.collcollate IN ('C', 'POSIX'), FALSE)
    OR (k.oid = 100 AND d.datcollate IN ('C', 'POSIX') AND coalesce(to_jsonb(d) ->> 'datlocprovider', 'c') = 'c') AS c_order,
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
    ON %(statistics)s AND s.schemaname = n.nspname AND s.tablename = c.relname AND s.attname = a.attname AND s.inherited = (c.relkind = 'p')
LEFT JOIN ordered AS o ON o.type = a.atttypid
WHERE a.attrelid = ANY(%(relations)s::oid []) AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attrelid, a.attnum
