-- title: Sequence that runs out
-- severity: warning
-- threshold: warning_percent = 75 %; of its range used (our choice; check_postgres warns at 85 %, PgHero at 90 %)
-- threshold: critical_percent = 95 %; of its range used (check_postgres's critical value)
-- says: {object} {is_at}: {used_percent} of its range is used, and {values_left} values are left{by_what}.
-- why: When it has none left, every insert that takes a value from it fails.
-- hint: {what_to_do}
-- lock: SHARE ROW EXCLUSIVE on {object}: whoever wants a value waits for a moment
-- source: PostgreSQL documentation, CREATE SEQUENCE; the range ends where the sequence or the narrowest column that it feeds does
-- examined: {counted_sequences} of {sequences} sequences
WITH at AS (
    SELECT
        c.*,
        coalesce(c.next_value, c.first) - c.step AS place
    FROM counted_sequences AS c
),

used AS (
    SELECT
        a.*,
        CASE WHEN a.step > 0 THEN a.place - a.floor ELSE a.ceiling - a.place END
        * 100 / nullif(a.ceiling - a.floor, 0) AS used_percent,
        greatest(floor(CASE WHEN a.step > 0 THEN a.ceiling - a.place ELSE a.floor - a.place END / a.step), 0) AS remaining
    FROM at AS a
)

SELECT
    u.object,
    CASE WHEN u.last_value IS NULL THEN format('begins at %s', coalesce(u.next_value, u.first)) ELSE format('is at %s', u.last_value) END AS is_at,
    round(least(u.used_percent, 100), 1) AS used_percent,
    u.remaining AS values_left,
    CASE
        WHEN u.column_ends_first THEN format('; the column %s that it feeds ends before it', u.column_object)
        WHEN u.column_object IS NOT NULL THEN format('; it feeds %s', u.column_object)
        ELSE ''
    END
    || CASE WHEN u.cycles AND NOT u.column_ends_first THEN ', and then begins anew with values that are taken' ELSE '' END
        AS by_what,
    CASE
        WHEN u.column_ends_first OR u.highest = u.column_highest
            THEN 'Make the column bigint, and all that refer to it: a new column, filled in batches and swapped, '
                || 'avoids a long lock.'
        WHEN u.step > 0 AND u.highest < 9223372036854775807 THEN 'Raise its MAXVALUE.'
        ELSE 'Let it begin anew where old values are gone, or count the other way.'
    END AS what_to_do,
    CASE
        WHEN u.step > 0 AND NOT u.column_ends_first AND u.highest < coalesce(u.column_highest, 9223372036854775807)
            THEN format(
                'ALTER SEQUENCE %s AS bigint MAXVALUE %s;',
                u.object,
                least(coalesce(u.column_highest, 9223372036854775807), 9223372036854775807)
            )
        ELSE ''
    END AS fix_sql,
    CASE WHEN u.remaining < 1 OR u.used_percent >= :critical_percent THEN 'critical' END AS severity,
    NULL AS not_looked_at,
    false AS nothing_seen,
    u.used_percent AS weight
FROM used AS u
WHERE (u.used_percent >= :warning_percent OR u.remaining < 1)
    -- One that cycles in a range of its own is a ring; one that has a whole integer's range is a key's.
    AND (NOT u.cycles OR u.column_ends_first OR (u.columns > 0 AND u.highest >= 2147483647))
UNION ALL
SELECT
    format('%s sequences', count(*)),
    NULL,
    NULL,
    NULL,
    NULL,
    NULL,
    format('GRANT pg_read_all_data TO %I;', current_user),
    NULL,
    format('The role %s may not read them.', current_user),
    count(*) * 2 > (SELECT count(*) FROM sequences),
    NULL
FROM sequences AS s
WHERE NOT has_sequence_privilege(s.oid, 'USAGE, SELECT')
HAVING count(*) > 0
UNION ALL
SELECT
    format('%s sequences', l.readable - l.counted),
    NULL,
    NULL,
    NULL,
    NULL,
    NULL,
    '',
    NULL,
    'They are locked, or more than one look opens; those with the least room were looked at.',
    false,
    NULL
FROM (
    SELECT
        count(*) FILTER (WHERE has_sequence_privilege(s.oid, 'USAGE, SELECT')) AS readable,
        (SELECT count(*) FROM counted_sequences) AS counted
    FROM sequences AS s
) AS l
WHERE l.readable > l.counted
