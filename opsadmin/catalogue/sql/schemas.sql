-- The schemas of this database with what is in them: the user's first, then extensions', temporary and system ones.
-- Sizes are relpages times the block size, as the last VACUUM or ANALYZE left them: asking for the real size waits
-- behind an ALTER TABLE. A TOAST table counts where its table is.
WITH relation AS (
    SELECT
        c.relnamespace AS schema_oid,
        c.relkind,
        c.relpages::bigint + coalesce(t.relpages, 0) + coalesce(ti.relpages, 0) AS pages
    FROM pg_class AS c
    LEFT JOIN pg_class AS t ON t.oid = c.reltoastrelid AND c.reltoastrelid <> 0
    LEFT JOIN pg_index AS tx ON tx.indrelid = t.oid
    LEFT JOIN pg_class AS ti ON ti.oid = tx.indexrelid
),

counted AS (
    SELECT
        schema_oid,
        count(*) FILTER (WHERE relkind IN ('r', 'p', 'f')) AS tables,
        count(*) FILTER (WHERE relkind IN ('v', 'm')) AS views,
        count(*) FILTER (WHERE relkind IN ('i', 'I')) AS indexes,
        count(*) FILTER (WHERE relkind = 'S') AS sequences,
        sum(pages) AS pages
    FROM relation
    GROUP BY schema_oid
),

routine AS (
    SELECT pronamespace AS schema_oid, count(*) AS functions
    FROM pg_proc
    GROUP BY pronamespace
)

SELECT
    n.nspname AS name,
    pg_get_userbyid(n.nspowner) AS owner,
    k.kind,
    obj_description(n.oid, 'pg_namespace') AS comment,
    coalesce(c.tables, 0) AS tables,
    coalesce(c.views, 0) AS views,
    coalesce(c.indexes, 0) AS indexes,
    coalesce(c.sequences, 0) AS sequences,
    coalesce(r.functions, 0) AS functions,
    (coalesce(c.pages, 0) * current_setting('block_size')::bigint)::bigint AS size_bytes,
    has_schema_privilege(n.oid, 'USAGE') AS may_use,
    has_schema_privilege(n.oid, 'CREATE') AS may_create,
    e.extname AS extension
FROM pg_namespace AS n
LEFT JOIN counted AS c ON c.schema_oid = n.oid
LEFT JOIN routine AS r ON r.schema_oid = n.oid
LEFT JOIN pg_depend AS d
    ON d.classid = 'pg_namespace'::regclass AND d.objid = n.oid AND d.objsubid = 0 AND d.deptype = 'e'
LEFT JOIN pg_extension AS e ON e.oid = d.refobjid
CROSS JOIN LATERAL (
    SELECT CASE
        WHEN n.nspname ~ '^pg_(toast_)?temp_[0-9]+$' THEN 'temporary'
        WHEN left(n.nspname, 3) = 'pg_' OR n.nspname = 'information_schema' THEN 'system'
        WHEN e.oid IS NOT NULL THEN 'extension'
        ELSE 'user'
    END AS kind
) AS k
ORDER BY array_position(ARRAY['user', 'extension', 'temporary', 'system'], k.kind), n.nspname
