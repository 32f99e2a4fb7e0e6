-- What pgstattuple finds in a B-tree, by reading all of it. `avg_leaf_density` is NaN where there is no leaf.
WITH found AS (
    SELECT
        s.*,
        current_setting('block_size')::integer AS page,
        CASE WHEN s.leaf_pages > 0 THEN least(s.avg_leaf_density / %(fill)s, 1) ELSE 1 END AS full_share
    FROM "schema of pgstattuple".pgstatindex(%(oid)s::oid::regclass) AS s
),

freed AS (
    SELECT
        f.*,
        (f.leaf_pages * (1 - f.full_share) + f.deleted_pages + f.empty_pages) * f.page AS bytes
    FROM found AS f
)

SELECT
    z.index_size AS size_bytes,
    100 * z.bytes / greatest(z.index_size, 1) AS empty_percent,
    z.bytes::bigint AS freed_bytes,
    z.leaf_pages,
    z.deleted_pages + z.empty_pages AS deleted_pages,
    CASE WHEN z.leaf_pages > 0 THEN z.leaf_fragmentation END AS fragmented_percent
FROM freed AS z
