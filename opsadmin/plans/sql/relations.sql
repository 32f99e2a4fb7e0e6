-- What is stored in the tables of a plan, as last counted, without a lock on any. `names` and `schemas` go together.
SELECT
    n.nspname || '.' || c.relname AS name,
    quote_ident(n.nspname) || '.' || quote_ident(c.relname) AS identity,
    greatest(c.reltuples, 0)::float8 AS rows,
    c.relpages::bigint * current_setting('block_size')::int AS bytes,
    c.reltuples < 0 AND c.relkind IN ('r', 'm') AND n.nspname <> 'pg_catalog' AS never_analyzed
FROM unnest(%(schemas)s::text [], %(names)s::text []) AS wanted (schema_name, table_name)
INNER JOIN pg_namespace AS n ON n.nspname = wanted.schema_name
INNER JOIN pg_class AS c ON c.relnamespace = n.oid AND c.relname = wanted.table_name
WHERE c.relkind IN ('r', 'm', 'p', 'f')
