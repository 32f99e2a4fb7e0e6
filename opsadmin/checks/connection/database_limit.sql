-- title: Connections of a database nearly used up
-- severity: warning
-- threshold: warning_percent = 75 %; of the database's CONNECTION LIMIT (our choice)
-- threshold: critical_percent = 95 %; of the database's CONNECTION LIMIT (our choice)
-- says: Database {database} has {used} of its {allowed} connections ({used_percent}).
-- why: At its limit the next connection to it fails for all but superusers, however empty the server is.
-- hint: See whose sessions they are, make the pools smaller, or raise the limit
--   (ALTER DATABASE {database} CONNECTION LIMIT ...).
-- source: PostgreSQL documentation, CREATE DATABASE, CONNECTION LIMIT
-- examined: {limited_databases} databases with a limit
SELECT
    'database ' || d.database AS object,
    d.database,
    d.used,
    d.allowed,
    100.0 * d.used / d.allowed AS used_percent,
    CASE WHEN 100.0 * d.used / d.allowed >= :critical_percent THEN 'critical' ELSE 'warning' END AS severity,
    100.0 * d.used / d.allowed AS weight
FROM limited_databases AS d
WHERE 100.0 * d.used / d.allowed >= :warning_percent
