-- title: Setting that waits for a restart
-- severity: warning
-- needs: own server
-- says: {object} was changed in the configuration; the server goes on with {setting} until it restarts.
-- why: The file says one thing, the server does another, and the next restart brings a change that nobody expects.
-- hint: Restart the server at a quiet time, or take the change back.
-- source: PostgreSQL documentation, pg_settings.pending_restart
-- examined: {settings} settings
SELECT
    s.name AS object,
    concat_ws(' ', coalesce(nullif(s.setting, ''), 'an empty value'), nullif(s.unit, '')) AS setting
FROM settings AS s
WHERE s.pending_restart
