-- Names of indexes, for somebody who mistyped one.
SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname) AS identity
FROM pg_class AS c
INNER JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('i', 'I') AND n.nspname NOT IN ('pg_catalog', 'pg_toast', 'information_schema')
ORDER BY c.oid DESC
LIMIT 5000
