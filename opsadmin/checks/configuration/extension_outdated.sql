-- title: Extension of an older version
-- severity: warning
-- says: The extension {object} is at version {installed}; the server has {available}.
-- why: What the server's library expects of the database is not there: functions fail or corrections are missing.
-- hint: Update it, best soon after an update of the server.
-- fix: ALTER EXTENSION {object} UPDATE;
-- lock: ACCESS EXCLUSIVE on the objects of the extension that the update changes
-- source: PostgreSQL documentation, ALTER EXTENSION, UPDATE
-- examined: the extensions of this database
SELECT
    format('%I', e.extname) AS object,
    e.extversion AS installed,
    a.default_version AS available
FROM pg_extension AS e
INNER JOIN pg_available_extensions() AS a ON a.name = e.extname
WHERE e.extversion <> a.default_version
