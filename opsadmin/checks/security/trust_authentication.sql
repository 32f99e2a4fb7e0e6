-- title: Login without a password
-- severity: critical
-- needs: own server
-- needs: superuser
-- says: {object} lets {users} into {databases} from {address} without a password (method trust){listening}.
-- why: Whoever reaches the port is whoever they say, superusers included.
-- hint: Write scram-sha-256 in place of trust in pg_hba.conf, then SELECT pg_reload_conf().
-- source: PostgreSQL documentation, 21.4 Trust Authentication; sockets and loopback addresses pass (our choice); a
--    warning where the server listens on those alone
-- examined: the rules of pg_hba.conf
SELECT
    format('pg_hba.conf line %s', h.line_number) AS object,
    CASE WHEN h.user_name = '{all}' THEN 'every role' ELSE array_to_string(h.user_name, ', ') END AS users,
    CASE WHEN h.database = '{all}' THEN 'every database' ELSE array_to_string(h.database, ', ') END AS databases,
    concat_ws('/', h.address, h.netmask) AS address,
    CASE WHEN l.is_local THEN '; as yet the server listens on this machine alone' ELSE '' END AS listening,
    CASE WHEN l.is_local THEN 'warning' ELSE 'critical' END AS severity,
    h.line_number AS weight
FROM pg_hba_file_rules AS h
CROSS JOIN (
    SELECT
        replace(s.setting, ' ', '')
        IN ('', 'localhost', '127.0.0.1', '::1', '127.0.0.1,::1', 'localhost,::1') AS is_local
    FROM server_settings AS s
    WHERE s.name = 'listen_addresses'
) AS l
WHERE h.auth_method = 'trust' AND h.type LIKE 'host%' AND h.error IS NULL
    AND NOT (h.address IN ('samehost', 'localhost', '::1') OR h.address LIKE '127.%')
