-- The indexes of a table, and what each stands on, as PostgreSQL writes it (behind USING).
SELECT
    i.indexrelid::bigint AS oid,
    c.relname::text AS name,
    quote_ident(n.nspname) || '.' || quote_ident(c.relname) AS identity,
    i.indisvalid AS is_valid,
    i.indisunique AS is_unique,
    EXISTS (
        SELECT FROM pg_stat_progress_create_index AS p
        WHERE p.index_relid = i.indexrelid AND p.datname = current_database()
    ) AS is_being_built,
    d.text AS definition,
    substr(
        d.text,
        strpos(
            substr(d.text, length('CREATE INDEX  ON ' || quote_ident(c.relname))),
            '.' || quote_ident(t.relname) || ' USING '
        ) + length('CREATE INDEX  ON ' || quote_ident(c.relname)) - 1 + length('.' || quote_ident(t.relname) || ' USING ')
    ) AS form
FROM pg_index AS i
INNER JOIN pg_class AS c ON c.oid = i.indexrelid
INNER JOIN pg_namespace AS n ON n.oid = c.relnamespace
INNER JOIN pg_class AS t ON t.oid = i.indrelid
CROSS JOIN LATERAL (SELECT pg_get_indexdef(i.indexrelid) AS text) AS d
WHERE i.indrelid = %(table)s
ORDER BY c.relname
