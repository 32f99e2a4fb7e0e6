-- What PostgreSQL writes out only under an ACCESS SHARE lock on a relation (and on what a view reads): real sizes,
-- definitions, expressions. Asked for one relation, last, and with a short lock_timeout. `index`: only this one of its
-- indexes; `without`: relations that somebody holds and that are left alone; `reads`: also what reads other relations.
SELECT 'index' AS part, x.indexrelid::bigint AS number, pg_get_indexdef(x.indexrelid) AS text
FROM pg_index AS x
WHERE x.indrelid = %(oid)s AND (%(index)s::oid IS NULL OR x.indexrelid = %(index)s)
UNION ALL
SELECT 'index_bytes', x.indexrelid::bigint, pg_relation_size(x.indexrelid)::text
FROM pg_index AS x
WHERE
    x.indrelid = %(oid)s
    AND (%(index)s::oid IS NULL OR x.indexrelid = %(index)s)
    AND x.indexrelid <> ALL(%(without)s::oid [])
UNION ALL
SELECT 'index_column', k.place, pg_get_indexdef(%(index)s::oid, k.place, true)
FROM pg_class AS c
CROSS JOIN LATERAL generate_series(1, c.relnatts::int) AS k (place)
WHERE c.oid = %(index)s::oid
UNION ALL
SELECT 'index_predicate', x.indexrelid::bigint, pg_get_expr(x.indpred, x.indrelid)
FROM pg_index AS x
WHERE x.indexrelid = %(index)s::oid AND x.indpred IS NOT NULL
UNION ALL
SELECT 'constraint', k.oid::bigint, pg_get_constraintdef(k.oid)
FROM pg_constraint AS k
WHERE k.conrelid = %(oid)s AND k.contype IN ('c', 'x') AND %(index)s::oid IS NULL
UNION ALL
SELECT 'generated', d.adnum, pg_get_expr(d.adbin, d.adrelid)
FROM pg_attrdef AS d
INNER JOIN pg_attribute AS a ON a.attrelid = d.adrelid AND a.attnum = d.adnum
WHERE d.adrelid = %(oid)s AND a.attgenerated <> '' AND %(index)s::oid IS NULL
UNION ALL
SELECT 'trigger', t.oid::bigint, pg_get_triggerdef(t.oid)
FROM pg_trigger AS t
WHERE t.tgrelid = %(oid)s AND t.tgqual IS NOT NULL AND (NOT t.tgisinternal OR t.tgparentid <> 0) AND %(index)s::oid IS NULL
UNION ALL
SELECT 'policy_using', p.oid::bigint, pg_get_expr(p.polqual, p.polrelid)
FROM pg_policy AS p
WHERE p.polrelid = %(oid)s AND p.polqual IS NOT NULL AND %(reads)s AND %(index)s::oid IS NULL
UNION ALL
SELECT 'policy_check', p.oid::bigint, pg_get_expr(p.polwithcheck, p.polrelid)
FROM pg_policy AS p
WHERE p.polrelid = %(oid)s AND p.polwithcheck IS NOT NULL AND %(reads)s AND %(index)s::oid IS NULL
UNION ALL
SELECT 'statistics', x.oid::bigint, pg_get_statisticsobjdef(x.oid)
FROM pg_statistic_ext AS x
WHERE x.stxrelid = %(oid)s AND %(index)s::oid IS NULL
UNION ALL
SELECT 'partition_key', 0, pg_get_partkeydef(c.oid)
FROM pg_class AS c
WHERE c.oid = %(oid)s AND c.relkind = 'p' AND %(index)s::oid IS NULL
UNION ALL
SELECT 'rule', w.oid::bigint, pg_get_ruledef(w.oid, true)
FROM pg_rewrite AS w
WHERE w.ev_class = %(oid)s AND w.rulename <> '_RETURN' AND %(reads)s AND %(index)s::oid IS NULL
UNION ALL
SELECT 'view', 0, pg_get_viewdef(c.oid, true)
FROM pg_class AS c
WHERE c.oid = %(oid)s AND c.relkind IN ('v', 'm') AND %(reads)s AND %(index)s::oid IS NULL
UNION ALL
SELECT 'updatable', 0, CASE WHEN pg_relation_is_updatable(c.oid, false) & 28 = 28 THEN 'yes' ELSE 'no' END
FROM pg_class AS c
WHERE c.oid = %(oid)s AND c.relkind = 'v' AND %(reads)s AND %(index)s::oid IS NULL
UNION ALL
SELECT 'heap_bytes', 0, pg_relation_size(c.oid)::text
FROM pg_class AS c
WHERE c.oid = %(oid)s AND c.relkind IN ('r', 'm') AND %(index)s::oid IS NULL
UNION ALL
SELECT 'maps_bytes', 0, (pg_relation_size(c.oid, 'fsm') + pg_relation_size(c.oid, 'vm') + pg_relation_size(c.oid, 'init'))::text
FROM pg_class AS c
WHERE c.oid = %(oid)s AND c.relkind IN ('r', 'm') AND %(index)s::oid IS NULL
UNION ALL
SELECT 'toast_bytes', 0, pg_total_relation_size(c.reltoastrelid)::text
FROM pg_class AS c
WHERE
    c.oid = %(oid)s AND c.reltoastrelid <> 0 AND %(index)s::oid IS NULL
    AND c.reltoastrelid <> ALL(%(without)s::oid [])
