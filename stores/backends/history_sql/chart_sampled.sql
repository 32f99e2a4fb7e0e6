-- Points of a chart of a long range: each is the mean of %(probes)s readings spread evenly over its `width`, so that
-- the cost depends on the number of points and not on the number of readings.
SELECT date_bin(%(width)s::interval, found."timestamp", %(origin)s::timestamptz) AS bucket,
       count(*) AS readings,
       round(avg(found.temperature), 2)::float8 AS temperature,
       round(avg(found.humidity), 2)::float8 AS humidity,
       mode() WITHIN GROUP (ORDER BY found.power) AS power
FROM generate_series(
         %(origin)s::timestamptz, %(end)s::timestamptz, %(width)s::interval / %(probes)s::integer) AS probe (at)
CROSS JOIN LATERAL (
    SELECT "timestamp", temperature, humidity, assumed_aircon_power AS power
    FROM state_history
    WHERE "timestamp" >= greatest(probe.at, %(start)s::timestamptz)
      AND "timestamp" < least(probe.at + %(width)s::interval / %(probes)s::integer, %(end)s::timestamptz)
    ORDER BY "timestamp"
    LIMIT 1
) AS found
GROUP BY bucket
ORDER BY bucket
