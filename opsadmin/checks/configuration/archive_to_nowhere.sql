-- title: WAL archived to nowhere
-- severity: warning
-- needs: own server
-- says: archive_mode is {mode}, and archive_command {command}: {harm}.
-- why: The day a backup is needed there is nothing to replay, or the disk is full of WAL.
-- hint: Set archive_command to one that stores the file, or archive_mode to off if there is no archive (needs a restart).
-- source: PostgreSQL documentation, 26.3.1 Setting Up WAL Archiving
-- examined: {settings} settings
SELECT
    'archive_command' AS object,
    m.setting AS mode,
    CASE WHEN c.setting = '' THEN 'is empty' ELSE 'is ' || c.setting END AS command,
    CASE WHEN c.setting = '' THEN 'every WAL file stays in pg_wal until the disk is full'
        ELSE 'every WAL file counts as archived and is thrown away'
    END AS harm
FROM server_settings AS m
INNER JOIN server_settings AS c ON c.name = 'archive_command'
LEFT JOIN server_settings AS l ON l.name = 'archive_library' AND l.setting <> ''
WHERE m.name = 'archive_mode' AND m.setting <> 'off' AND l.name IS NULL
    AND (c.setting = '' OR c.setting ~ '^\s*((/usr)?/bin/true|true|:|exit 0|cd \.|echo\M[^>|]*)\s*$')
