-- title: Synchronous standby missing
-- severity: critical
-- needs: own server
-- needs: primary
-- needs: role pg_read_all_stats
-- threshold: missing = 1; standbys fewer than synchronous_standby_names asks for
-- says: synchronous_standby_names = {names} asks for {asked}, and {present} are there; with
--   synchronous_commit = {commits} {effect}, and {waiting} do now.
-- why: A commit that waits for a standby does not return until one comes, which looks like a hanging server.
-- hint: Bring the standby back, or take it out of synchronous_standby_names and reload: what waits returns then, without
--   a copy on a standby. A waiting commit that is cancelled stands all the same.
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
    a.needed || CASE a.needed WHEN 1 THEN ' synchronous standby' ELSE ' synchronous standbys' END AS asked,
    a.present,
    a.waiting,
    a.commits,
    CASE
        WHEN a.commits IN ('off', 'local') THEN 'only commits that set another value for themselves wait'
        ELSE 'every commit of a change waits'
    END AS effect,
    CASE
        WHEN a.commits IN ('off', 'local')
            THEN 'Commits return without a copy on a standby, and those that ask for one hang until it comes.'
    END AS why,
    -- Where commits do not wait for a standby by default, only those that ask for it hang.
    CASE WHEN a.commits IN ('off', 'local') AND a.waiting = 0 THEN 'warning' ELSE 'critical' END AS severity
FROM asked AS a
WHERE a.needed - a.present >= :missing
