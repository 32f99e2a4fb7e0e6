-- Settings that ALTER ROLE and ALTER DATABASE keep, one a row, for all databases of this server. `value`: on and off are
-- said one way. `reset`: the statement that takes it back.
SELECT
    c.object,
    c.scope,
    c.name,
    CASE
        WHEN lower(c.value) IN ('off', 'false', 'no', '0', 'f', 'n') THEN 'off'
        WHEN lower(c.value) IN ('on', 'true', 'yes', '1', 't', 'y') THEN 'on'
        ELSE lower(c.value)
    END AS value,
    format('ALTER %s RESET %s;', c.target, c.name) AS reset
FROM (
    SELECT
        split_part(e.entry, '=', 1) AS name,
        substr(e.entry, strpos(e.entry, '=') + 1) AS value,
        CASE
            WHEN s.setrole = 0 AND s.setdatabase = 0 THEN 'all roles'
            WHEN s.setrole = 0 THEN format('database %I', d.datname)
            WHEN s.setdatabase = 0 THEN format('role %I', r.rolname)
            ELSE format('role %I in database %I', r.rolname, d.datname)
        END AS object,
        CASE
            WHEN s.setrole = 0 AND s.setdatabase = 0 THEN 'every session'
            WHEN s.setrole = 0 THEN 'every session in it'
            WHEN s.setdatabase = 0 THEN 'every session of it'
            ELSE 'every session of it there'
        END AS scope,
        CASE
            WHEN s.setrole = 0 AND s.setdatabase = 0 THEN 'ROLE ALL'
            WHEN s.setrole = 0 THEN format('DATABASE %I', d.datname)
            WHEN s.setdatabase = 0 THEN format('ROLE %I', r.rolname)
            ELSE format('ROLE %I IN DATABASE %I', r.rolname, d.datname)
        END AS target
    FROM pg_db_role_setting AS s
    CROSS JOIN LATERAL unnest(s.setconfig) AS e (entry)
    LEFT JOIN pg_roles AS r ON r.oid = s.setrole
    LEFT JOIN pg_database AS d ON d.oid = s.setdatabase
) AS c
