-- title: Damaged pages
-- severity: critical
-- threshold: failures = 1; pages whose checksum was wrong
-- says: {failures_now} pages of {object} did not match their checksum, the last one {checksum_seconds} ago.
-- why: The disk, its controller or the memory damages data, and what was read may be wrong or lost.
-- hint: Take a base backup onto other hardware before anything else, find the pages with pg_amcheck and the server's log,
--   and restore what is damaged; pg_stat_reset() clears the counter afterwards.
-- source: PostgreSQL documentation, pg_stat_database.checksum_failures
-- examined: {database_counters} databases
SELECT
    d.object,
    d.checksum_failures AS failures_now,
    d.checksum_seconds,
    d.checksum_failures AS weight
FROM database_counters AS d
WHERE d.checksum_failures >= :failures
