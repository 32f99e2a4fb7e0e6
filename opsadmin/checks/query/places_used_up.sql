-- title: pg_stat_statements is full
-- severity: warning
-- needs: extension pg_stat_statements
-- threshold: min_percent = 95 %; of pg_stat_statements.max (it drops a twentieth of them when it is full)
-- says: pg_stat_statements holds {places} of at most {most} statements: the rarely asked ones are thrown out.
-- why: A query that is thrown out loses its numbers, and what is slow only now and then is never seen.
-- hint: Raise pg_stat_statements.max (needs a restart), or find what sends ever new texts, as lists of another length.
-- source: PostgreSQL documentation, pg_stat_statements.max
-- examined: the places of pg_stat_statements
SELECT
    'pg_stat_statements.max' AS object,
    p.places,
    p.most
FROM (
    SELECT
        l.setting::int8 AS most,
        (
            SELECT count(*)
            FROM "schema of pg_stat_statements".pg_stat_statements(l.setting IS NULL)
        ) AS places
    FROM settings AS l
    WHERE l.name = 'pg_stat_statements.max'
) AS p
WHERE p.places * 100 >= p.most * :min_percent
