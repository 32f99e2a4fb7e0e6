-- The roles of this server that its people made, and the one it was made with (is_first); PostgreSQL's own pg_... are
-- left out.
SELECT
    r.oid,
    r.rolname AS name,
    format('%I', r.rolname) AS object,
    r.oid = 10 AS is_first,
    r.rolsuper AS is_superuser,
    r.rolcanlogin AS may_log_in,
    r.rolcreaterole AS makes_roles,
    r.rolbypassrls AS bypasses_rls
FROM pg_roles AS r
WHERE r.rolname NOT LIKE 'pg\_%'
