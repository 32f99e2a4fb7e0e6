-- title: Autovacuum does not keep up
-- severity: warning
-- needs: role pg_read_all_stats
-- threshold: min_tables = 5; tables that wait (our choice)
-- threshold: min_rows = 500; dead rows beyond a table's own threshold (our choice)
-- says: All {workers} workers of autovacuum are busy ({at_work}), and {waiting} tables wait, {worst} the most.
-- why: The tables that wait grow and are planned by old numbers, while the same few are worked on.
-- hint: Let each worker work faster first (autovacuum_vacuum_cost_limit up, autovacuum_vacuum_cost_delay down), then add workers.
-- source: PostgreSQL documentation, autovacuum_max_workers
-- examined: {vacuumed} tables and their TOAST tables
WITH at_work AS (
    SELECT
        count(*) AS workers,
        string_agg(DISTINCT CASE WHEN c.oid IS NOT NULL THEN format('%I.%I', n.nspname, c.relname) END, ', ') AS tables
    FROM backends AS b
    LEFT JOIN pg_stat_progress_vacuum AS p ON p.pid = b.pid AND p.datname = current_database()
    LEFT JOIN pg_class AS c ON c.oid = p.relid
    LEFT JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE b.kind = 'autovacuum worker'
),

waiting AS (
    SELECT
        count(DISTINCT v.object) AS tables,
        sum(v.dead) AS dead,
        (array_agg(v.object ORDER BY v.dead DESC, v.object ASC))[1] AS worst
    FROM vacuumed AS v
    LEFT JOIN pg_stat_progress_vacuum AS p ON p.relid = v.oid AND p.datname = current_database()
    WHERE v.is_enabled AND p.pid IS NULL AND v.dead >= v.vacuum_at + :min_rows
)

SELECT
    'autovacuum_max_workers' AS object,
    a.workers,
    coalesce(a.tables, 'in other databases') AS at_work,
    w.tables AS waiting,
    w.worst,
    w.dead AS weight
FROM at_work AS a
CROSS JOIN waiting AS w
CROSS JOIN autovacuum AS g
WHERE g.is_on AND a.workers >= g.max_workers AND w.tables >= :min_tables
