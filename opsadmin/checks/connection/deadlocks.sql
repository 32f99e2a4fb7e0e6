-- title: Deadlocks
-- severity: warning
-- threshold: warning_daily = 5; deadlocks a day, on average since the counters run (our choice: a single one is bad luck)
-- says: {object} had {deadlocks} deadlocks in {counted_seconds}, {daily} a day.
-- why: Each one costs its victim the whole transaction, after a wait of deadlock_timeout.
-- hint: The server's log has both statements of each; let the application lock rows in one order, and retry.
-- source: PostgreSQL documentation, 13.3.4 Deadlocks
-- examined: {database_counters} databases
SELECT
    d.object,
    d.deadlocks,
    d.counted_seconds,
    round((d.deadlocks / greatest(d.hours / 24, 1))::numeric, 1) AS daily,
    d.deadlocks AS weight
FROM database_counters AS d
WHERE d.deadlocks >= :warning_daily * greatest(d.hours / 24, 1)
