-- Foreign keys between people's tables. A partition's copy of its parent's key is left out: the parent's stands for it.
SELECT
    k.oid,
    k.conname AS name,
    k.conrelid AS table_oid,
    t.object AS table_object,
    t.rows AS table_rows,
    t.kind AS table_kind,
    k.confrelid AS referenced_oid,
    f.object AS referenced_object,
    f.rows AS referenced_rows,
    k.conkey AS columns,
    k.confkey AS referenced_columns,
    k.convalidated AS is_valid,
    k.confdeltype AS on_delete,
    k.confupdtype AS on_update
FROM pg_constraint AS k
INNER JOIN tables AS t ON t.oid = k.conrelid
INNER JOIN tables AS f ON f.oid = k.confrelid
-- Said as CASE, so that the planner does not go by old statistics ("there is hardly one") and loop over the tables.
WHERE CASE WHEN k.contype = 'f' THEN k.conparentid = 0 ELSE false END
