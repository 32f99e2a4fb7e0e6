-- Whether a line of a configuration file is a secret.
SELECT EXISTS (
    SELECT
    FROM pg_file_settings AS s
    WHERE s.setting ~* %(looks)s OR (s.name ~* %(named)s AND s.setting <> '' AND s.name <> 'password_encryption')
) AS holds
