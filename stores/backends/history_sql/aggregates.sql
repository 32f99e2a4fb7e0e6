-- Figures of [start, end), for HistoryService.aggregates. A reading stands for the time until the next one, but for
-- %(gap)s at most: what lies beyond is a gap, about which nothing is known.
WITH reading AS (
    SELECT temperature, humidity, assumed_aircon_power AS power, last_temperature_stale AS stale, "timestamp",
           lead("timestamp", 1, least(%(end)s::timestamptz, now())) OVER (ORDER BY "timestamp", id) - "timestamp" AS lasts
    FROM state_history
    WHERE "timestamp" >= %(start)s AND "timestamp" < %(end)s
), covered AS (
    SELECT *, extract(epoch FROM greatest(least(lasts, %(gap)s::interval), interval '0')) AS seconds FROM reading
)
SELECT count(*) AS readings,
       min("timestamp") AS first_at,
       max("timestamp") AS last_at,
       min(temperature)::float8 AS temperature_min,
       round(avg(temperature), 2)::float8 AS temperature_avg,
       max(temperature)::float8 AS temperature_max,
       min(humidity)::float8 AS humidity_min,
       round(avg(humidity), 2)::float8 AS humidity_avg,
       max(humidity)::float8 AS humidity_max,
       (sum(seconds) FILTER (WHERE power = 'on')
           / nullif(sum(seconds) FILTER (WHERE power IN ('on', 'off')), 0))::float8 AS share_on,
       count(*) FILTER (WHERE stale) AS stale_readings,
       count(*) FILTER (WHERE lasts > %(gap)s::interval) AS gaps,
       extract(epoch FROM max(lasts) FILTER (WHERE lasts > %(gap)s::interval))::float8 AS longest_gap_seconds
FROM covered
