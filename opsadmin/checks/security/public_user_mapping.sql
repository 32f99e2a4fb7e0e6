-- title: Foreign server that everybody enters by one password
-- severity: warning
-- says: The foreign server {object} lets every role in with the password kept for PUBLIC.
-- why: Whoever may use the server acts there as that one user, with all its rights.
-- hint: Give each role a user mapping of its own, then drop the one of PUBLIC.
-- lock: none on tables
-- source: PostgreSQL documentation, CREATE USER MAPPING; seen where the role may see the mapping's options
-- examined: the user mappings
SELECT format('%I', m.srvname) AS object
FROM pg_user_mappings AS m
WHERE m.umuser = 0
    AND EXISTS (
        SELECT 1
        FROM unnest(m.umoptions) AS o (entry)
        WHERE o.entry LIKE 'password=%'
    )
