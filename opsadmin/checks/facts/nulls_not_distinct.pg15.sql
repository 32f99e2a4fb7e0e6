-- Unique indexes to which two NULLs are the same.
SELECT i.indexrelid AS oid
FROM pg_index AS i
WHERE i.indnullsnotdistinct
