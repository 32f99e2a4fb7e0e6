-- title: VACUUM leaves the indexes alone
-- severity: warning
-- says: vacuum_index_cleanup is off for {what} of {object}.
-- why: Dead rows leave their entries in every index and their place on every page for good, however often VACUUM runs.
-- hint: It is meant for one VACUUM in a hurry (VACUUM (INDEX_CLEANUP off)), not for good.
-- fix: ALTER {kind_word} {object} RESET ({option});
-- lock: SHARE UPDATE EXCLUSIVE on {object}
-- source: PostgreSQL documentation, CREATE TABLE, storage parameter vacuum_index_cleanup
-- examined: {vacuumed} tables and their TOAST tables
SELECT
    v.object,
    CASE WHEN v.is_toast THEN 'the TOAST table' ELSE 'the rows' END AS what,
    CASE WHEN v.kind = 'm' THEN 'MATERIALIZED VIEW' ELSE 'TABLE' END AS kind_word,
    CASE WHEN v.is_toast THEN 'toast.vacuum_index_cleanup' ELSE 'vacuum_index_cleanup' END AS option,
    v.bytes AS weight
FROM vacuumed AS v
INNER JOIN pg_class AS c ON c.oid = v.oid
WHERE v.own_options IS NOT NULL AND c.relhasindex AND lower(v.index_cleanup) IN ('off', 'false', 'no', '0', 'f', 'n', 'of')
