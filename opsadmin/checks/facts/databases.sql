-- All databases of this server, with the age of their oldest transaction and multixact.
SELECT
    d.oid,
    d.datname AS name,
    d.datallowconn AS takes_connections,
    age(d.datfrozenxid)::float8 AS xid_age,
    mxid_age(d.datminmxid)::float8 AS multixact_age
FROM pg_database AS d
WHERE d.datconnlimit <> -2
