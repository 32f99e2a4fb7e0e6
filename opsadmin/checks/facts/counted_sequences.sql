-- How far sequences have counted, of those that this role may read and nobody has locked. Looking opens each sequence and
-- keeps a lock on it to the end of the look, so that only so many are opened as the server's lock table bears easily: the
-- narrowest first, then those of large tables. `ceiling`, `floor`: where it ends, by its own limits and by the narrowest
-- column that it feeds. `last_value`: NULL where it gave none yet; `next_value`: NULL where the role may not know.
WITH limits AS (
    SELECT
        s.oid,
        least(s.highest, min(f.highest)) AS ceiling,
        greatest(s.lowest, max(f.lowest)) AS floor,
        (min(f.highest) < s.highest AND s.step > 0) OR (max(f.lowest) > s.lowest AND s.step < 0) AS column_ends_first,
        min(f.highest) AS column_highest,
        min(f.object) AS column_object,
        count(f.object) AS columns,
        coalesce(max(f.table_rows), 0) AS table_rows
    FROM sequences AS s
    LEFT JOIN fed_columns AS f ON f.sequence_oid = s.oid
    GROUP BY s.oid, s.highest, s.lowest, s.step
),

chosen AS (
    SELECT
        s.*,
        l.ceiling,
        l.floor,
        l.column_ends_first,
        l.column_highest,
        l.column_object,
        l.columns
    FROM sequences AS s
    INNER JOIN limits AS l ON l.oid = s.oid
    WHERE has_sequence_privilege(s.oid, 'USAGE, SELECT')
        AND NOT (s.persistence = 'u' AND pg_is_in_recovery())
        AND s.oid NOT IN (
            SELECT k.relation
            FROM pg_locks AS k
            WHERE k.relation IS NOT NULL AND k.pid <> pg_backend_pid()
                AND k.mode IN ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
        )
    ORDER BY l.ceiling - l.floor ASC, l.table_rows DESC, s.object ASC
    LIMIT least(300, current_setting('max_locks_per_transaction')::int * current_setting('max_connections')::int / 10)
),

looked AS (
    SELECT
        c.*,
        pg_sequence_last_value(c.oid)::numeric AS last_value
    FROM chosen AS c
)

SELECT
    l.*,
    -- One that was restarted (RESTART WITH, setval(..., false)) says only itself where it begins.
    CASE
        WHEN l.last_value IS NOT NULL THEN l.last_value + l.step
        WHEN has_sequence_privilege(l.oid, 'SELECT') AND has_schema_privilege(l.schema_oid, 'USAGE')
            -- A question as a text, run by ts_stat: its word is the number.
            THEN (
                SELECT w.word::numeric
                FROM ts_stat(
                    format('SELECT array_to_tsvector(ARRAY[q.last_value::text]) FROM %s AS q', l.object)
                ) AS w
            )
    END AS next_value
FROM looked AS l
