-- Points of a chart of [start, end): one for each `width`, from `origin` on.
SELECT date_bin(%(width)s::interval, "timestamp", %(origin)s::timestamptz) AS bucket,
       count(*) AS readings,
       round(avg(temperature), 2)::float8 AS temperature,
       round(avg(humidity), 2)::float8 AS humidity,
       mode() WITHIN GROUP (ORDER BY assumed_aircon_power) AS power
FROM state_history
WHERE "timestamp" >= %(start)s AND "timestamp" < %(end)s
GROUP BY bucket
ORDER BY bucket
