-- title: Standby that holds VACUUM back
-- severity: warning
-- needs: role pg_read_all_stats
-- threshold: age = 1 million; transactions (our choice)
-- threshold: proven_age = 1000; transactions, where dead rows were left by a VACUUM (our choice)
-- threshold: min_dead_rows = 10 k; in this database (our choice)
-- threshold: critical_age = 100 million; transactions (our choice: half of autovacuum_freeze_max_age's built-in value)
-- says: The standby {object} has a query that is {age_now} transactions old, and hot_standby_feedback makes this server wait for it; of the {dead_rows} dead rows here, those deleted since must stay.
-- why: No VACUUM on the primary may remove what a query on the standby might still read.
-- hint: End the old query on the standby, or switch its hot_standby_feedback off and let max_standby_streaming_delay decide.
-- source: PostgreSQL documentation, hot_standby_feedback
-- examined: {horizon} holders of the horizon
SELECT
    h.object,
    h.age AS age_now,
    d.rows AS dead_rows,
    CASE WHEN h.age >= :critical_age THEN 'critical' END AS severity,
    h.age AS weight
FROM horizon AS h
CROSS JOIN dead_total AS d
WHERE h.kind = 'standby'
    AND (h.age >= :age OR (h.age >= :proven_age AND d.rows >= :min_dead_rows AND d.left_at IS NOT NULL))
