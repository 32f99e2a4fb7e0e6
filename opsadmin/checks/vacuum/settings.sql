-- title: Server-wide vacuum settings
-- severity: warning
-- threshold: scale_percent = 50 %; of a table's rows (our choice; built in: 20 %, for ANALYZE 10 %)
-- threshold: threshold_rows = 100 k; rows (our choice; built in: 50)
-- threshold: naptime_seconds = 10 min; between two rounds (our choice; built in: 1 min)
-- threshold: freeze_age = 1 billion; transactions, half of what there are (our choice; built in: 200 million)
-- threshold: slow_bytes = 1 MB; per second that autovacuum may dirty (our choice; built in: 40 MB)
-- says: {object} is {value}{built_in_now}: {effect}.
-- why: Autovacuum runs and yet comes too late or works too slowly, and nothing says so.
-- hint: Go back to what is built in; make autovacuum milder for single tables where it must be.
-- needs: own server
-- source: PostgreSQL documentation, "Automatic Vacuuming"
-- examined: {autovacuum} server
WITH numbers AS (
    SELECT
        s.name,
        s.setting::float8 AS number,
        s.built_in,
        s.source,
        s.context
    FROM settings AS s
    WHERE s.name IN (
            'autovacuum_vacuum_scale_factor', 'autovacuum_analyze_scale_factor', 'autovacuum_vacuum_insert_scale_factor',
            'autovacuum_vacuum_threshold', 'autovacuum_analyze_threshold', 'autovacuum_vacuum_insert_threshold',
            'autovacuum_naptime', 'autovacuum_freeze_max_age', 'autovacuum_multixact_freeze_max_age'
        )
),

speed AS (
    -- -1: as for VACUUM by hand. A delay of 0 is no limit at all.
    SELECT
        CASE WHEN g.own_delay = -1 THEN g.manual_delay ELSE g.own_delay END AS delay_ms,
        CASE WHEN g.own_limit = -1 THEN g.manual_limit ELSE g.own_limit END / greatest(g.dirty_cost, 1)
        * current_setting('block_size')::float8 AS bytes_a_round
    FROM autovacuum AS g
),

built_in AS (
    SELECT
        max(s.built_in) FILTER (WHERE s.name = 'autovacuum_vacuum_cost_delay') AS delay_ms,
        max(s.built_in) FILTER (WHERE s.name = 'vacuum_cost_limit') AS cost_limit,
        bool_or(s.source = 'command line') AS on_command_line
    FROM settings AS s
    WHERE s.name IN (
            'autovacuum_vacuum_cost_delay', 'autovacuum_vacuum_cost_limit', 'vacuum_cost_delay', 'vacuum_cost_limit'
        )
)

SELECT
    n.name AS object,
    n.number::text AS value,
    format(' (built in: %s)', n.built_in) AS built_in_now,
    CASE
        WHEN n.name LIKE '%scale\_factor' THEN format('that share of a table must change before autovacuum comes (%s %%)', n.number * 100)
        WHEN n.name = 'autovacuum_vacuum_insert_threshold' AND n.number < 0
            THEN 'a table that is only added to is never vacuumed before a wraparound is near'
        WHEN n.name LIKE '%threshold' THEN 'so many rows of a table must change before autovacuum comes'
        WHEN n.name = 'autovacuum_naptime' THEN 'so many seconds pass between two rounds'
        ELSE 'so old may a table get before it is frozen by force, and little is left to stop a wraparound then'
    END AS effect,
    -- A RESET would leave what an included file says. What the command line says stands above both.
    CASE
        WHEN n.source = 'command line' THEN ''
        ELSE format('ALTER SYSTEM SET %I = %L; SELECT pg_reload_conf();', n.name, n.built_in)
    END AS fix_sql,
    CASE
        WHEN n.source = 'command line' THEN 'The command line that starts the server says so: take it away there, and start it anew.'
        WHEN n.context = 'postmaster' THEN 'Go back to what is built in, and restart the server: it is read only then.'
    END AS hint,
    1 AS weight
FROM numbers AS n
WHERE (n.name IN ('autovacuum_vacuum_scale_factor', 'autovacuum_analyze_scale_factor') AND n.number * 100 >= :scale_percent)
    OR (n.name = 'autovacuum_vacuum_insert_scale_factor' AND n.number >= 1)
    OR (n.name LIKE '%threshold' AND n.number >= :threshold_rows)
    OR (n.name = 'autovacuum_vacuum_insert_threshold' AND n.number < 0)
    OR (n.name = 'autovacuum_naptime' AND n.number >= :naptime_seconds)
    OR (n.name LIKE '%freeze\_max\_age' AND n.number >= :freeze_age)
UNION ALL
SELECT
    'autovacuum_vacuum_cost_delay',
    format('%s ms', x.delay_ms),
    '',
    format(
        'with its cost limit, autovacuum may dirty %s a second, all its workers together',
        pg_size_pretty((x.bytes_a_round * 1000 / x.delay_ms)::numeric)
    ),
    CASE
        WHEN b.on_command_line THEN ''
        ELSE
            CASE
                WHEN x.delay_ms > b.delay_ms::float8
                    THEN format('ALTER SYSTEM SET autovacuum_vacuum_cost_delay = %L; ', b.delay_ms)
                ELSE ''
            END
            -- The delay alone does not always make it fast enough.
            || CASE
                WHEN x.bytes_a_round * 1000 / least(b.delay_ms::float8, x.delay_ms) < :slow_bytes
                    THEN format('ALTER SYSTEM SET autovacuum_vacuum_cost_limit = %L; ', b.cost_limit)
                ELSE ''
            END
            || 'SELECT pg_reload_conf();'
    END,
    CASE
        WHEN b.on_command_line
            THEN 'The command line that starts the server says so: take it away there, and start it anew.'
    END,
    2
FROM speed AS x
CROSS JOIN built_in AS b
WHERE x.delay_ms > 0 AND x.bytes_a_round * 1000 / x.delay_ms < :slow_bytes
