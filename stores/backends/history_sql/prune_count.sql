-- How many readings a prune would delete, counted up to a limit.
SELECT count(*) FROM (SELECT FROM state_history WHERE "timestamp" < %(cutoff)s LIMIT %(limit)s) AS old
