-- title: Dead rows
-- severity: warning
-- threshold: min_rows = 500; dead rows, fewer are a handful of pages (our choice)
-- threshold: busy_rows = 10 k; dead rows, where autovacuum is on, due, and free to remove them: it comes by itself (our choice)
-- threshold: dead_percent = 20 %; of all rows (autovacuum_vacuum_scale_factor's built-in value)
-- threshold: critical_percent = 60 %; of all rows, where there are at least critical_rows of them (our choice)
-- threshold: critical_rows = 1000000; dead rows (our choice)
-- threshold: holder_seconds = 5 s; since when something must hold VACUUM back to be named as the cause (our choice)
-- says: {what} {dead} dead rows, {now_percent} of all; autovacuum comes at {vacuum_at}{and_yet}.
-- why: Every scan reads them, the caches hold them, and the table grows although its rows do not.
-- hint: {what_to_do}
-- fix: VACUUM (ANALYZE) {object};
-- lock: SHARE UPDATE EXCLUSIVE on {object}; reading and writing go on
-- source: PostgreSQL documentation, "Recovering Disk Space" and "The Autovacuum Daemon"
-- examined: {vacuumed} tables and their TOAST tables
WITH holder AS (
    SELECT
        h.kind,
        h.object,
        h.age,
        clock_timestamp() - make_interval(secs => h.seconds) AS since
    FROM horizon AS h
    WHERE h.age > 0 AND (h.seconds >= :holder_seconds OR h.seconds IS NULL)
    ORDER BY h.age DESC, h.object ASC
    LIMIT 1
),

sick AS (
    SELECT
        v.*,
        row_number() OVER (PARTITION BY v.table_oid ORDER BY v.dead DESC) AS place
    FROM vacuumed AS v
    WHERE v.dead >= :min_rows AND v.dead * 100.0 >= :dead_percent * (v.live + v.dead)
)

SELECT
    s.object,
    format(CASE WHEN s.is_toast THEN 'The TOAST table of %s has' ELSE '%s has' END, s.object) AS what,
    s.dead,
    s.dead * 100.0 / (s.live + s.dead) AS now_percent,
    ceil(s.vacuum_at) AS vacuum_at,
    CASE
        WHEN NOT g.is_on THEN ', but it is off on this server'
        WHEN NOT s.is_enabled THEN ', but it is off for this table'
        WHEN s.vacuumed_at IS NULL THEN ', and it was never vacuumed'
        ELSE format(', and the last VACUUM was at %s UTC', to_char(s.vacuumed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI'))
    END AS and_yet,
    CASE
        WHEN s.vacuumed_at > h.since
            THEN format(
                'First end the %s %s: a VACUUM came since it began and had to leave them. Then vacuum.',
                h.kind,
                h.object
            )
        WHEN h.object IS NOT NULL
            THEN format(
                'Vacuum it. What was deleted since the %s %s began stays until that ends: then end it first.',
                h.kind,
                h.object
            )
        WHEN NOT g.is_on THEN 'Switch autovacuum and track_counts on; vacuum this table once by hand.'
        WHEN NOT s.is_enabled THEN 'Let autovacuum come to this table again; vacuum it once by hand.'
        WHEN s.vacuum_at > s.dead THEN 'Vacuum it, and let autovacuum come earlier (autovacuum_vacuum_scale_factor).'
        ELSE 'Vacuum it; if it fills again, let autovacuum come more often or work faster.'
    END AS what_to_do,
    CASE
        WHEN h.object IS NOT NULL THEN h.object
        WHEN NOT g.is_on THEN 'autovacuum'
        ELSE ''
    END AS caused_by,
    CASE
        WHEN s.dead >= :critical_rows AND s.dead * 100.0 >= :critical_percent * (s.live + s.dead) THEN 'critical'
    END AS severity,
    s.dead AS weight
FROM sick AS s
CROSS JOIN autovacuum AS g
LEFT JOIN holder AS h ON true
WHERE s.place = 1
    AND (s.dead >= :busy_rows OR NOT g.is_on OR NOT s.is_enabled OR s.vacuum_at > s.dead OR h.object IS NOT NULL)
