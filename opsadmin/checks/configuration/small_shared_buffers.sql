-- title: Shared buffers as PostgreSQL comes
-- severity: warning
-- needs: own server
-- threshold: min_database_bytes = 8 GB; of tables and indexes, by the last VACUUM (our choice: 64 times the default)
-- threshold: default_bytes = 128 MB; of shared_buffers, PostgreSQL's default
-- says: shared_buffers is {buffers_bytes}, and this database holds {database_bytes}.
-- why: Pages leave the cache before they are asked for again, and the disk does the work of memory.
-- hint: A quarter of the machine's memory is the usual start; it needs a restart.
-- source: PostgreSQL documentation, shared_buffers
-- examined: {settings} settings
SELECT
    'shared_buffers' AS object,
    b.bytes AS buffers_bytes,
    d.bytes AS database_bytes
FROM (
    SELECT s.setting::int8 * current_setting('block_size')::int8 AS bytes
    FROM server_settings AS s
    WHERE s.name = 'shared_buffers'
) AS b
CROSS JOIN (
    SELECT sum(c.relpages::int8) * current_setting('block_size')::int8 AS bytes
    FROM pg_class AS c
) AS d
WHERE b.bytes <= :default_bytes AND d.bytes >= :min_database_bytes
