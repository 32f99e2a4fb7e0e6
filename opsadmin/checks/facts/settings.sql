-- The server's settings as they hold for this database. What the role may not see is not there.
SELECT
    s.name,
    s.setting,
    s.unit,
    s.source,
    s.boot_val AS built_in,
    s.context,
    s.pending_restart
FROM pg_settings AS s
