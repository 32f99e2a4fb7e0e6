-- Whether this server, and our role on it, can have a copy.
SELECT
    pg_is_in_recovery() AS is_standby,
    current_setting('transaction_read_only') = 'on' AS is_read_only,
    has_database_privilege(current_database(), 'TEMPORARY') AS may_copy,
    quote_ident(current_database()) AS database,
    quote_ident(current_user) AS role
