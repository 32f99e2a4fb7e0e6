-- One row: how many sequences there are, how many were counted and may not be read, and as JSON how much of their range
-- sequences have used, and integer columns that none feeds. Of those the largest value that ANALYZE met counts. The facts
-- of the health checks stand before it.
SELECT
    (SELECT count(*)::int FROM sequences) AS sequences,
    (SELECT count(*)::int FROM counted_sequences) AS counted,
    (
        SELECT count(*)::int
        FROM sequences AS s
        WHERE NOT has_sequence_privilege(s.oid, 'USAGE, SELECT')
    ) AS hidden,
    current_user::text AS role,
    (
        SELECT coalesce(json_agg(w ORDER BY w.used_percent DESC NULLS LAST, w.object ASC), '[]')
        FROM (
            SELECT
                'sequence' AS kind,
                u.schema,
                u.name,
                u.object,
                u.column_object AS feeds,
                NULL::text AS type,
                u.last_value AS at,
                CASE WHEN u.step > 0 THEN u.ceiling ELSE u.floor END AS "end",
                u.cycles AND NOT coalesce(u.column_ends_first, false) AS cycles,
                round(
                    least(
                        CASE WHEN u.step > 0 THEN u.place - u.floor ELSE u.ceiling - u.place END
                        * 100 / nullif(u.ceiling - u.floor, 0),
                        100
                    ), 2
                )::float8 AS used_percent,
                greatest(floor(CASE WHEN u.step > 0 THEN u.ceiling - u.place ELSE u.floor - u.place END / u.step), 0)
                    AS remaining
            FROM (
                SELECT
                    c.*,
                    r.relname AS name,
                    coalesce(c.next_value, c.first) - c.step AS place
                FROM counted_sequences AS c
                INNER JOIN pg_class AS r ON r.oid = c.oid
            ) AS u
            UNION ALL
            SELECT
                'column',
                t.schema,
                t.name,
                format('%s.%I', t.object, a.attname),
                NULL,
                CASE a.atttypid WHEN 21 THEN 'smallint' ELSE 'integer' END,
                k.highest,
                CASE a.atttypid WHEN 21 THEN 32767 ELSE 2147483647 END,
                false,
                round(100 * k.highest / CASE a.atttypid WHEN 21 THEN 32767 ELSE 2147483647 END, 2)::float8,
                CASE a.atttypid WHEN 21 THEN 32767 ELSE 2147483647 END - k.highest
            FROM (
                SELECT x.*
                FROM tables AS x
                WHERE x.kind IN ('r', 'm') AND NOT x.is_partition AND x.rows > 0
                ORDER BY x.pages DESC, x.rows DESC
                LIMIT 200
            ) AS t
            CROSS JOIN LATERAL (
                SELECT
                    b.attname,
                    b.attnum,
                    b.atttypid
                FROM pg_attribute AS b
                WHERE b.attrelid = t.oid AND b.attnum > 0 AND NOT b.attisdropped AND b.atttypid IN (21, 23)
                OFFSET 0
            ) AS a
            CROSS JOIN LATERAL (
                SELECT
                    greatest(
                        (s.histogram_bounds::text::int8[])[array_upper(s.histogram_bounds, 1)],
                        (SELECT max(v.value) FROM unnest(s.most_common_vals::text::int8[]) AS v (value))
                    )::numeric AS highest
                FROM pg_stats AS s
                WHERE s.schemaname = t.schema AND s.tablename = t.name AND s.attname = a.attname
                ORDER BY s.inherited DESC
                LIMIT 1
            ) AS k
            WHERE k.highest > 0
                -- NOT IN: hashed once. As NOT EXISTS each column goes through all of them, which the planner takes for few.
                AND (t.oid, a.attnum) NOT IN (SELECT f.table_oid, f.number FROM fed_columns AS f)
            ORDER BY used_percent DESC NULLS LAST, object ASC
            LIMIT 200
        ) AS w
    ) AS ranges
