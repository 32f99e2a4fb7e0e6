-- title: Autovacuum off for a table
-- severity: warning
-- says: Autovacuum is off for {what} of {object} ({dead} dead rows now).
-- why: Nobody removes its dead rows or renews its statistics, and it is vacuumed by itself only when a wraparound is near.
-- hint: Let autovacuum come again; where a job vacuums it instead, ignore this finding for the table.
-- fix: ALTER {kind_word} {object} RESET ({option});
-- lock: SHARE UPDATE EXCLUSIVE on {object}
-- source: PostgreSQL documentation, CREATE TABLE, storage parameter autovacuum_enabled
-- examined: {vacuumed} tables and their TOAST tables
SELECT
    v.object,
    CASE
        WHEN count(*) = 2 THEN 'both the rows and the TOAST table'
        WHEN bool_or(v.is_toast) THEN 'the TOAST table'
        ELSE 'the rows'
    END AS what,
    CASE WHEN v.kind = 'm' THEN 'MATERIALIZED VIEW' ELSE 'TABLE' END AS kind_word,
    string_agg(
        CASE WHEN v.is_toast THEN 'toast.autovacuum_enabled' ELSE 'autovacuum_enabled' END, ', ' ORDER BY v.is_toast
    ) AS option,
    sum(v.dead) AS dead,
    sum(v.bytes) AS weight
FROM vacuumed AS v
CROSS JOIN LATERAL pg_options_to_table(v.own_options) AS o
WHERE v.own_options IS NOT NULL AND o.option_name = 'autovacuum_enabled' AND NOT o.option_value::bool
GROUP BY v.object, v.kind
