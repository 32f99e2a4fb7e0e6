-- Tables, materialized views and indexes with how often their pages were wanted (`fetched`) and found in shared_buffers
-- (`hits`) since the counters run. Their names are left to who needs them.
SELECT
    r.oid,
    r.kind,
    r.pages,
    pg_stat_get_blocks_fetched(r.oid) AS fetched,
    pg_stat_get_blocks_hit(r.oid) AS hits
FROM relations AS r
CROSS JOIN cache
WHERE r.kind IN ('r', 'm', 'i')
