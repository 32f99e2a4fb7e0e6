-- title: Error in a configuration file
-- severity: critical
-- needs: own server
-- needs: superuser
-- says: {object} cannot be applied: {problem}. {effect}, and the server will not start again with this file.
-- why: Changes seem to be made and are not, until a restart turns it into an outage.
-- hint: Correct the line, then SELECT pg_reload_conf(), and do so before any other advice that ends in a reload.
-- source: PostgreSQL documentation, pg_file_settings, pg_hba_file_rules
-- examined: the entries of postgresql.conf and the rules of pg_hba.conf
WITH entries AS (
    SELECT
        f.name,
        f.error,
        format('%s line %s', regexp_replace(f.sourcefile, '^.*/', ''), f.sourceline) AS place,
        bool_or(f.applied) OVER () AS takes_others
    FROM pg_file_settings AS f
)

SELECT
    coalesce(e.name, e.place) AS object,
    format('%s (%s)', e.error, e.place) AS problem,
    CASE
        WHEN e.takes_others THEN 'Its old value stays'
        ELSE 'While it is there, a reload changes no setting at all'
    END AS effect
FROM entries AS e
LEFT JOIN settings AS s ON s.name = e.name AND s.pending_restart
WHERE e.error IS NOT NULL AND s.name IS NULL
UNION ALL
SELECT
    format('pg_hba.conf line %s', h.line_number) AS object,
    h.error AS problem,
    'The old rules stay, also where other lines were changed' AS effect
FROM pg_hba_file_rules AS h
WHERE h.error IS NOT NULL
