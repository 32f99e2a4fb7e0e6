-- Since when this database's counters run, and its schemas that people made.
SELECT
    (SELECT d.stats_reset FROM pg_stat_database AS d WHERE d.datname = current_database()) AS counted_since,
    ARRAY(
        SELECT n.nspname::text
        FROM pg_namespace AS n
        WHERE n.nspname <> 'information_schema' AND left(n.nspname, 3) <> 'pg_'
        ORDER BY n.nspname
    ) AS schemas
