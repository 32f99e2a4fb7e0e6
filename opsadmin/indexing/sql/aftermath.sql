-- Whether the session that worked on an index is still at it, and how the index is (NULL: there is none).
SELECT
    EXISTS (
        SELECT FROM pg_stat_get_activity(nullif(%(pid)s, 0)) AS a
        WHERE a.backend_start::text = %(started)s AND a.state = 'active'
    ) AND %(pid)s > 0 AS is_under_way,
    (
        SELECT i.indisvalid
        FROM pg_index AS i
        WHERE i.indexrelid = to_regclass(%(index)s)
    ) AS is_valid
