-- Subscriptions of all databases of this server (never how they connect), and their workers.
SELECT
    s.oid,
    format('%I', s.subname) AS name,
    d.datname AS database,
    d.datname = current_database() AS is_here,
    s.subenabled AS is_enabled,
    s.subslotname AS slot,
    e.apply_errors,
    e.sync_errors,
    coalesce(w.appliers, 0) AS appliers,
    coalesce(w.copiers, 0) AS copiers,
    w.oldest_seconds
FROM pg_subscription AS s
INNER JOIN pg_database AS d ON d.oid = s.subdbid
LEFT JOIN subscription_errors AS e ON e.oid = s.oid
LEFT JOIN
    (
        SELECT
            t.subid,
            -- One that tries in vain to connect has not heard anything yet: its last message was never, or before all time.
            count(*) FILTER (WHERE t.relid IS NULL AND t.last_msg_receipt_time > '-infinity') AS appliers,
            count(t.relid) AS copiers,
            max(b.connected_seconds) FILTER (WHERE t.relid IS NULL) AS oldest_seconds
        FROM pg_stat_subscription AS t
        LEFT JOIN backends AS b ON b.pid = t.pid
        WHERE t.pid IS NOT NULL
        GROUP BY t.subid
    ) AS w
    ON w.subid = s.oid
