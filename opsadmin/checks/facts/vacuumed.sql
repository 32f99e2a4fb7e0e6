-- What VACUUM visits: tables, materialized views, and the TOAST tables behind them (`is_toast`; `object` is then the
-- table that it belongs to), with the numbers of changed rows at which autovacuum comes: by the relation's own options
-- (`own_options`), else by the server's. A TOAST table without options of its own goes by its table's, as in autovacuum.
--
-- A session tells its counts up to a second late. Who loads, deletes and vacuums within that second has the counts added
-- after the VACUUM that settled them: then live rows do not fit what was inserted and deleted, while the rows that VACUUM
-- or ANALYZE saw do. `counted_late` knows that, and takes the totals out again.
WITH heaps AS (
    SELECT
        t.oid AS table_oid,
        t.oid AS oid,  -- noqa: AL08
        false AS is_toast,
        t.object,
        t.kind,
        t.bytes,
        t.rows,
        t.rows_at_analyze,
        t.live,
        t.dead,
        t.inserted,
        t.updated,
        t.deleted,
        t.changed_since_analyze,
        t.inserted_since_vacuum,
        t.vacuumed_at,
        t.analyzed_at,
        t.frozenxid,
        t.minmxid,
        t.options AS own_options,
        t.options
    FROM tables AS t
    WHERE t.kind IN ('r', 'm')
    UNION ALL
    SELECT
        t.oid AS table_oid,
        c.oid,
        true,
        t.object,
        t.kind,
        c.relpages::int8 * current_setting('block_size')::int8,
        greatest(pg_stat_get_live_tuples(c.oid)::float8, c.reltuples::float8, 0),
        c.reltuples::float8,
        greatest(pg_stat_get_live_tuples(c.oid), 0),
        greatest(pg_stat_get_dead_tuples(c.oid), 0),
        pg_stat_get_tuples_inserted(c.oid),
        pg_stat_get_tuples_updated(c.oid),
        pg_stat_get_tuples_deleted(c.oid),
        NULL,
        NULL,
        greatest(pg_stat_get_last_vacuum_time(c.oid), pg_stat_get_last_autovacuum_time(c.oid)),
        NULL,
        c.relfrozenxid,
        c.relminmxid,
        c.reloptions,
        coalesce(c.reloptions, t.options)
    FROM tables AS t
    INNER JOIN pg_class AS c ON c.oid = t.toast AND c.relkind = 't'
),

judged AS (
    SELECT
        h.*,
        h.inserted + h.updated + h.deleted AS changes,
        h.rows_at_analyze > 0
        AND abs(h.inserted - h.deleted - h.rows_at_analyze) <= 0.01 * h.rows_at_analyze
        AND abs(h.live - h.rows_at_analyze) > 0.05 * h.rows_at_analyze AS counted_late
    FROM heaps AS h
),

-- What was changed after the VACUUM makes the file grow. Who may ask for its size asks, without a lock, and only about
-- tables with many changes. The question is a text, run by ts_stat, because a role without the privilege may not even
-- have it in a plan; query_to_xml would do it too, but not every server is built with libxml.
grown AS (
    SELECT
        j.*,
        CASE
            WHEN j.counted_late AND j.changes >= 500 AND has_function_privilege('pg_stat_file(text,bool)', 'EXECUTE')
                THEN (
                    SELECT w.word::int8 > j.bytes
                    FROM ts_stat(
                        format(
                            'SELECT array_to_tsvector(array_remove(ARRAY[s.size::text], NULL)) '
                            'FROM pg_stat_file(%L, true) AS s', pg_relation_filepath(j.oid)
                        )
                    ) AS w
                )
        END IS true AS has_grown
    FROM judged AS j
),

counted AS (
    SELECT
        g.oid,
        g.table_oid,
        g.is_toast,
        g.object,
        g.kind,
        g.bytes,
        CASE WHEN g.counted_late THEN g.rows_at_analyze ELSE g.rows END AS rows,
        g.rows_at_analyze,
        CASE WHEN g.counted_late THEN g.rows_at_analyze ELSE g.live END AS live,
        CASE
            WHEN g.counted_late AND NOT g.has_grown AND g.vacuumed_at IS NOT NULL
                THEN greatest(g.dead - g.updated - g.deleted, 0)
            ELSE g.dead
        END AS dead,
        g.inserted,
        g.updated,
        g.deleted,
        CASE
            WHEN g.analyzed_at IS NULL OR g.vacuumed_at > g.analyzed_at OR g.inserted < g.rows_at_analyze
                THEN g.changed_since_analyze
            WHEN g.counted_late AND NOT g.has_grown THEN greatest(g.changed_since_analyze - g.changes, 0)
            -- The rows that ANALYZE saw had been inserted before it.
            ELSE least(g.changed_since_analyze, g.changes - g.rows_at_analyze)
        END AS changed_since_analyze,
        CASE
            WHEN g.counted_late AND NOT g.has_grown AND g.vacuumed_at IS NOT NULL
                THEN greatest(g.inserted_since_vacuum - g.inserted, 0)
            ELSE g.inserted_since_vacuum
        END AS inserted_since_vacuum,
        g.vacuumed_at,
        g.analyzed_at,
        g.frozenxid,
        g.minmxid,
        g.own_options,
        g.options
    FROM grown AS g
),

set_options AS (
    SELECT
        h.oid,
        max(o.option_value) FILTER (WHERE o.option_name = 'autovacuum_enabled')::bool AS enabled,
        max(o.option_value) FILTER (WHERE o.option_name = 'autovacuum_vacuum_threshold')::float8 AS vacuum_threshold,
        max(o.option_value) FILTER (WHERE o.option_name = 'autovacuum_vacuum_scale_factor')::float8 AS vacuum_scale,
        max(o.option_value) FILTER (WHERE o.option_name = 'autovacuum_vacuum_insert_threshold')::float8
            AS insert_threshold,
        max(o.option_value) FILTER (WHERE o.option_name = 'autovacuum_vacuum_insert_scale_factor')::float8
            AS insert_scale,
        max(o.option_value) FILTER (WHERE o.option_name = 'autovacuum_analyze_threshold')::float8 AS analyze_threshold,
        max(o.option_value) FILTER (WHERE o.option_name = 'autovacuum_analyze_scale_factor')::float8 AS analyze_scale,
        max(o.option_value) FILTER (WHERE o.option_name = 'autovacuum_vacuum_max_threshold')::float8 AS max_threshold,
        max(o.option_value) FILTER (WHERE o.option_name = 'autovacuum_freeze_max_age')::float8 AS freeze_max_age,
        max(o.option_value) FILTER (WHERE o.option_name = 'autovacuum_multixact_freeze_max_age')::float8
            AS multixact_freeze_max_age,
        max(o.option_value) FILTER (WHERE o.option_name = 'autovacuum_vacuum_cost_delay')::float8 AS cost_delay,
        max(o.option_value) FILTER (WHERE o.option_name = 'autovacuum_vacuum_cost_limit')::float8 AS cost_limit,
        max(o.option_value) FILTER (WHERE o.option_name = 'vacuum_index_cleanup') AS index_cleanup
    FROM heaps AS h
    CROSS JOIN LATERAL pg_options_to_table(h.options) AS o
    WHERE h.options IS NOT NULL
    GROUP BY h.oid
)

SELECT
    h.*,
    coalesce(o.enabled, true) AS is_enabled,
    o.index_cleanup,
    o.vacuum_threshold IS NOT NULL OR o.vacuum_scale IS NOT NULL OR o.max_threshold IS NOT NULL AS sets_vacuum,
    o.insert_threshold IS NOT NULL OR o.insert_scale IS NOT NULL AS sets_insert,
    o.analyze_threshold IS NOT NULL OR o.analyze_scale IS NOT NULL AS sets_analyze,
    coalesce(o.vacuum_scale, g.vacuum_scale) AS vacuum_scale,
    coalesce(o.analyze_scale, g.analyze_scale) AS analyze_scale,
    coalesce(o.insert_threshold, g.insert_threshold) AS insert_threshold,
    least(
        coalesce(o.vacuum_threshold, g.vacuum_threshold) + coalesce(o.vacuum_scale, g.vacuum_scale) * h.rows,
        nullif(coalesce(o.max_threshold, g.max_threshold), -1)
    ) AS vacuum_at,
    coalesce(o.insert_threshold, g.insert_threshold) + coalesce(o.insert_scale, g.insert_scale) * h.rows AS insert_at,
    coalesce(o.analyze_threshold, g.analyze_threshold) + coalesce(o.analyze_scale, g.analyze_scale) * h.rows
        AS analyze_at,
    least(o.freeze_max_age, g.freeze_max_age) AS freeze_max_age,
    least(o.multixact_freeze_max_age, g.multixact_freeze_max_age) AS multixact_freeze_max_age,
    o.cost_delay,
    o.cost_limit
FROM counted AS h
CROSS JOIN autovacuum AS g
LEFT JOIN set_options AS o ON o.oid = h.oid
