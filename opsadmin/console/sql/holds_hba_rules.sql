-- Whether a rule of pg_hba.conf carries a secret.
SELECT EXISTS (
    SELECT
    FROM pg_hba_file_rules AS r
    WHERE array_to_string(r.options, ' ') ~* '(passwd|secret)'
) AS holds
