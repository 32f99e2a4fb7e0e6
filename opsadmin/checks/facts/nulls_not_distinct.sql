-- Unique indexes to which two NULLs are the same. There are none before PostgreSQL 15.
SELECT i.indexrelid AS oid
FROM pg_index AS i
WHERE false
