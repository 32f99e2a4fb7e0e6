-- One row for each whole day that the counters have run, so that an OK can say how many.
SELECT generate_series(1, floor(c.age_seconds / 86400)::int) AS day
FROM counters AS c
