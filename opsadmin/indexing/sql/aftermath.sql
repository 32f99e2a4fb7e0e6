-- Whether the session that worked on an index is still at it, how the index is (NULL: there is none), and what of it is left
-- invalid: itself, or what a rebuild makes beside it.
SELECT
    EXISTS (
        SELECT FROM pg_stat_get_activity(nullif(%(pid)s, 0)) AS a
        WHERE a.backend_start::text = %(started)s AND a.state = 'active'
    ) AND %(pid)s > 0 AS is_under_way,
    (
        SELECT i.indisvalid
        FROM pg_index AS i
        WHERE i.indexrelid = to_regclass(%(index)s)
    ) AS is_valid,
    array(
        SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname)
        FROM pg_index AS i
        INNER JOIN pg_class AS c ON c.oid = i.indexrelid
        INNER JOIN pg_namespace AS n ON n.oid = c.relnamespace
        WHERE
            NOT i.indisvalid
            AND i.indrelid = to_regclass(%(table)s)
            AND (i.indexrelid = to_regclass(%(index)s) OR (%(rebuilds)s AND c.relname ~ '_cc(new|old)[0-9]*$'))
        ORDER BY c.relname
    ) AS left_over
