-- How an index is made. Waits where somebody holds its table.
SELECT pg_get_indexdef(%(oid)s::oid) AS definition
