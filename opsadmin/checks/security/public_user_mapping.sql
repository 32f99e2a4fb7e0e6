-- title: Foreign server that everybody enters by one password
-- severity: warning
-- says: The foreign server {object} lets every role in with the password kept for PUBLIC.
-- why: Whoever may use the server acts there as that one user, with all its rights.
-- hint: Give each role a user mapping of its own, then drop the one of PUBLIC.
-- lock: none on tables
-- source: PostgreSQL documentation, CREATE USER MAPPING; pg_user_mappings tells the options to the server's owner
-- examined: the user mappings of PUBLIC
SELECT
    m.object,
    CASE
        WHEN NOT m.is_told
            THEN format(
                'The role %I may not see how the foreign server %s lets everybody in: only its owner may.',
                current_user, m.object
            )
    END AS not_looked_at,
    m.nothing_seen,
    NULL AS fix_sql
FROM (
    SELECT
        format('%I', s.srvname) AS object,
        r.rolsuper OR pg_has_role(s.srvowner, 'USAGE') AS is_told,
        NOT bool_or(r.rolsuper OR pg_has_role(s.srvowner, 'USAGE')) OVER () AS nothing_seen,
        v.umoptions AS options
    FROM pg_user_mappings AS v
    INNER JOIN pg_foreign_server AS s ON s.oid = v.srvid
    INNER JOIN pg_roles AS r ON r.rolname = current_user
    WHERE v.umuser = 0
) AS m
WHERE NOT m.is_told
    OR EXISTS (
        SELECT 1
        FROM unnest(m.options) AS o (entry)
        WHERE o.entry LIKE 'password=%'
    )
