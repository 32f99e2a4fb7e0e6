-- title: PostgreSQL version without support
-- severity: warning
-- says: {object} has had no corrections since {last_date}.
-- why: Holes and bugs that are found from then on stay open.
-- hint: Move to a newer major version (pg_upgrade, or logical replication for a short pause).
-- source: postgresql.org/support/versioning, as known in November 2026
-- examined: the version of the server
SELECT
    format('PostgreSQL %s', v.major) AS object,
    to_char(v.last_date, 'YYYY-MM-DD') AS last_date
FROM (
    VALUES
    (13, '2025-11-13'::date), (14, '2026-11-12'::date), (15, '2027-11-11'::date), (16, '2028-11-09'::date),
    (17, '2029-11-08'::date), (18, '2030-11-14'::date)
) AS v (major, last_date)
WHERE v.major = current_setting('server_version_num')::int / 10000 AND v.last_date < now()::date
