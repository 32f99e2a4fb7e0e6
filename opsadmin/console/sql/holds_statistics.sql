-- Whether ANALYZE kept values of a catalogue that holds secrets, and this role may see them.
SELECT EXISTS (
    SELECT
    FROM pg_stats AS s
    WHERE s.schemaname = 'pg_catalog' AND s.tablename IN ('pg_authid', 'pg_user_mapping', 'pg_subscription', 'pg_db_role_setting')
) AS holds
