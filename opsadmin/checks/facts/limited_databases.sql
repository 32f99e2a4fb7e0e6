-- Databases with a CONNECTION LIMIT, and how much of it is used.
SELECT
    format('%I', d.datname) AS database,
    d.datconnlimit AS allowed,
    count(b.pid) AS used
FROM pg_database AS d
LEFT JOIN backends AS b ON b.database_oid = d.oid AND (b.is_client OR b.kind = 'walsender')
WHERE d.datconnlimit > 0
GROUP BY d.datname, d.datconnlimit
