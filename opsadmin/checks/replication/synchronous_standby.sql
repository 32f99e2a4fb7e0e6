-- title: Synchronous standby missing
-- severity: critical
-- needs: own server
-- needs: primary
-- needs: role pg_read_all_stats
-- threshold: missing = 1; standbys fewer than synchronous_standby_names asks for
-- says: synchronous_standby_names = {names} asks for {needed} synchronous standbys, and {present} are there; {waiting}
--   sessions wait for one to commit.
-- why: Every commit that asks for one waits until the standby comes, which looks like a hanging server.
-- hint: Bring the standby back, or take it out of synchronous_standby_names and reload; until then each commit may be
--   lost with this server.
-- source: PostgreSQL documentation, synchronous_standby_names
-- examined: {receivers} standbys and subscribers
WITH asked AS (
    SELECT
        s.setting AS names,
        coalesce((regexp_match(s.setting, '^\s*(?:(?:first|any)\s+)?(\d+)\s*\(', 'i'))[1]::int, 1) AS needed,
        (SELECT count(*) FROM receivers AS r WHERE r.sync_state IN ('sync', 'quorum')) AS present,
        (SELECT count(*) FROM backends AS b WHERE b.wait_event = 'SyncRep') AS waiting,
        c.setting AS commits
    FROM settings AS s
    INNER JOIN settings AS c ON c.name = 'synchronous_commit'
    WHERE s.name = 'synchronous_standby_names' AND btrim(s.setting) <> ''
)

SELECT
    'synchronous_standby_names' AS object,
    a.names,
    a.needed,
    a.present,
    a.waiting,
    -- Where commits do not wait for a standby by default, only those that ask for it hang.
    CASE WHEN a.commits IN ('off', 'local') AND a.waiting = 0 THEN 'warning' ELSE 'critical' END AS severity
FROM asked AS a
WHERE a.needed - a.present >= :missing
