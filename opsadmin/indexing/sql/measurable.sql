-- How an index is made, and whether nobody else measures one now (the lock goes with the transaction).
SELECT
    m.amname::text AS method,
    coalesce(substring(array_to_string(c.reloptions, ' ') FROM 'fillfactor=(\d+)')::integer, 90) AS fill,
    pg_try_advisory_xact_lock(hashtextextended('opsadmin.measure_index', 0)) AS alone
FROM pg_class AS c
INNER JOIN pg_am AS m ON m.oid = c.relam
WHERE c.oid = %(oid)s
