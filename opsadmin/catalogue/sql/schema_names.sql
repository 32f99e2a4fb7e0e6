-- The names of all schemas.
SELECT nspname AS name
FROM pg_namespace
ORDER BY nspname
