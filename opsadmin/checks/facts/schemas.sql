-- Schemas that people made, and public.
SELECT
    n.oid,
    n.nspname AS name,
    format('%I', n.nspname) AS object,
    n.nspowner AS owner,
    n.nspacl AS acl
FROM pg_namespace AS n
WHERE n.nspname NOT LIKE 'pg\_%' AND n.nspname <> 'information_schema'
