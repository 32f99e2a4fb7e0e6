-- Whether a batch whose COMMIT was not answered is in the table: its newest row decides, because a batch is written
-- whole or not at all (and the newest is the last that a prune would take).
SELECT EXISTS (
    SELECT FROM state_history
    WHERE "timestamp" = %(timestamp)s
      AND (temperature, humidity, assumed_aircon_power, last_action, api_requests_today, error_count,
           last_temperature_stale, timezone, metadata)
          IS NOT DISTINCT FROM
          (%(temperature)s::numeric, %(humidity)s::numeric, %(assumed_aircon_power)s::varchar,
           %(last_action)s::varchar, %(api_requests_today)s::integer, %(error_count)s::integer,
           %(last_temperature_stale)s::boolean, %(timezone)s::varchar, %(metadata)s::jsonb))
