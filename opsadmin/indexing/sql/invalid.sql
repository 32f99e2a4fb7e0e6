-- The invalid indexes of a table that nobody builds at the moment.
SELECT
    i.indexrelid::bigint AS oid,
    quote_ident(n.nspname) || '.' || quote_ident(c.relname) AS identity
FROM pg_index AS i
INNER JOIN pg_class AS c ON c.oid = i.indexrelid
INNER JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE
    i.indrelid = %(table)s
    AND NOT i.indisvalid
    AND NOT EXISTS (
        SELECT FROM pg_stat_progress_create_index AS p
        WHERE p.index_relid = i.indexrelid AND p.datname = current_database()
    )
ORDER BY c.relname
