-- Every table that may carry an index, for names like one that is not there.
SELECT CASE WHEN n.nspname = ANY(%(path)s::name []) THEN c.relname ELSE n.nspname || '.' || c.relname END AS name
FROM pg_class AS c
INNER JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'm', 'p') AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
ORDER BY name
LIMIT 20000
