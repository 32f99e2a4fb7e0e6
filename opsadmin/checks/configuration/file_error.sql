-- title: Error in a configuration file
-- severity: warning
-- needs: own server
-- needs: superuser
-- says: {object} cannot be applied: {problem}.
-- why: The server goes on with an older value, and may not start again with this file.
-- hint: Correct the line, then SELECT pg_reload_conf().
-- source: PostgreSQL documentation, pg_file_settings, pg_hba_file_rules
-- examined: the entries of postgresql.conf and the rules of pg_hba.conf
SELECT
    coalesce(f.name, format('%s line %s', regexp_replace(f.sourcefile, '^.*/', ''), f.sourceline)) AS object,
    format('%s (%s line %s)', f.error, regexp_replace(f.sourcefile, '^.*/', ''), f.sourceline) AS problem
FROM pg_file_settings AS f
LEFT JOIN settings AS s ON s.name = f.name AND s.pending_restart
WHERE f.error IS NOT NULL AND s.name IS NULL
UNION ALL
SELECT
    format('pg_hba.conf line %s', h.line_number) AS object,
    h.error AS problem
FROM pg_hba_file_rules AS h
WHERE h.error IS NOT NULL
