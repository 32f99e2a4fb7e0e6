-- Settings as the server has them for everybody; what ALTER ROLE, ALTER DATABASE or this session changed is not here.
SELECT
    s.name,
    s.setting,
    s.unit,
    s.built_in,
    s.context,
    s.pending_restart
FROM settings AS s
WHERE s.source NOT IN ('database', 'user', 'database user', 'client', 'session', 'interactive')
