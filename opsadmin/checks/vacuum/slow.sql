-- title: Autovacuum slowed down for a table
-- severity: warning
-- threshold: slow_bytes = 1 MB; per second that autovacuum may dirty (our choice; built in: 40 MB)
-- says: The options of {object} let autovacuum dirty only {speed_bytes} a second ({delay_ms} ms of sleep after every {cost_limit} of cost).
-- why: VACUUM of this table takes so long that dead rows come faster than it goes.
-- hint: Take the options away.
-- fix: ALTER {kind_word} {object} RESET ({options});
-- lock: SHARE UPDATE EXCLUSIVE on {object}
-- source: PostgreSQL documentation, CREATE TABLE, autovacuum_vacuum_cost_delay and autovacuum_vacuum_cost_limit
-- examined: {vacuumed} tables and their TOAST tables
WITH effective AS (
    SELECT
        v.object,
        v.kind,
        v.bytes,
        CASE WHEN v.is_toast THEN 'toast.' ELSE '' END AS prefix,
        coalesce(v.cost_delay, CASE WHEN g.own_delay = -1 THEN g.manual_delay ELSE g.own_delay END) AS delay_ms,
        coalesce(
            nullif(v.cost_limit, -1), CASE WHEN g.own_limit = -1 THEN g.manual_limit ELSE g.own_limit END
        ) AS cost_limit,
        greatest(g.dirty_cost, 1) AS dirty_cost
    FROM vacuumed AS v
    CROSS JOIN autovacuum AS g
    WHERE v.own_options IS NOT NULL AND (v.cost_delay IS NOT NULL OR v.cost_limit IS NOT NULL)
)

SELECT
    e.object,
    e.delay_ms,
    e.cost_limit,
    e.cost_limit / e.dirty_cost * current_setting('block_size')::float8 * 1000 / e.delay_ms AS speed_bytes,
    CASE WHEN e.kind = 'm' THEN 'MATERIALIZED VIEW' ELSE 'TABLE' END AS kind_word,
    format('%sautovacuum_vacuum_cost_delay, %sautovacuum_vacuum_cost_limit', e.prefix, e.prefix) AS options,
    e.bytes AS weight
FROM effective AS e
WHERE e.delay_ms > 0
    AND e.cost_limit / e.dirty_cost * current_setting('block_size')::float8 * 1000 / e.delay_ms < :slow_bytes
