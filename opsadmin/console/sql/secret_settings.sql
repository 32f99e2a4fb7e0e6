-- The settings that hold a secret and that this role may see: by how the value looks, or by how the setting is called. Those
-- that only ALTER ROLE or ALTER DATABASE knows are not among the settings that the server shows.
WITH
seen (name, setting, reset) AS (
    SELECT
        s.name,
        s.setting,
        s.reset_val
    FROM pg_show_all_settings() AS s
    WHERE s.vartype = 'string'
    UNION ALL
    SELECT
        split_part(one.setting, '=', 1),
        substr(one.setting, strpos(one.setting, '=') + 1),
        NULL
    FROM pg_db_role_setting AS r
    CROSS JOIN LATERAL unnest(r.setconfig) AS one (setting)
)
SELECT
    s.name,
    ARRAY[s.setting, s.reset] AS values
FROM seen AS s
WHERE
    concat(s.setting, s.reset) <> ''
    AND s.name <> 'password_encryption'
    AND (concat_ws(' ', s.setting, s.reset) ~* %(looks)s OR s.name ~* %(named)s)
