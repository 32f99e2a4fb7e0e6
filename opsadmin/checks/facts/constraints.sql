-- Constraints of people's tables (type f, c, p, u, x, n; kind of table as in relations, f: foreign) and domains (kind d).
-- `is_own`: written for it, not handed down by a parent. `expression`: a CHECK as PostgreSQL stores it, without the place
-- in the text it came from, so that two of them can be compared.
SELECT
    k.oid,
    k.conname AS name,
    k.contype AS type,
    format('%s.%I', r.object, k.conname) AS object,
    r.oid AS owner_oid,
    r.object AS owner_object,
    r.kind AS owner_kind,
    greatest(r.rows_at_analyze, 0) AS rows,
    k.convalidated AS is_valid,
    coalesce(n.is_enforced, true) AS is_enforced,
    k.conparentid = 0 AND (k.conislocal OR k.coninhcount = 0) AS is_own,
    CASE WHEN k.contype = 'c' THEN regexp_replace(k.conbin::text, ':location -?\d+', '', 'g') END AS expression
FROM pg_constraint AS k
INNER JOIN relations AS r ON r.oid = k.conrelid
LEFT JOIN newer_constraints AS n ON n.oid = k.oid
UNION ALL
SELECT
    k.oid,
    k.conname AS name,
    k.contype AS type,
    format('%I.%I.%I', s.nspname, t.typname, k.conname) AS object,
    t.oid AS owner_oid,
    format('%I.%I', s.nspname, t.typname) AS owner_object,
    'd'::"char" AS owner_kind,
    0 AS rows,
    k.convalidated AS is_valid,
    true AS is_enforced,
    true AS is_own,
    regexp_replace(k.conbin::text, ':location -?\d+', '', 'g') AS expression
FROM pg_constraint AS k
INNER JOIN pg_type AS t ON t.oid = k.contypid
INNER JOIN pg_namespace AS s ON s.oid = t.typnamespace
LEFT JOIN pg_depend AS d ON d.classid = 1247 AND d.objid = t.oid AND d.objsubid = 0 AND d.deptype = 'e'
WHERE k.contypid <> 0 AND s.nspname NOT IN ('pg_catalog', 'information_schema') AND d.objid IS NULL
