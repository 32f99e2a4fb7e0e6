-- Whether a setting of a role or of a database is a secret.
SELECT EXISTS (
    SELECT
    FROM pg_db_role_setting AS s
    CROSS JOIN LATERAL unnest(s.setconfig) AS one (setting)
    WHERE one.setting ~* %(looks)s OR (one.setting ~* ('^[^=]*' || %(named)s || '[^=]*=') AND one.setting !~ '^password_')
) AS holds
