-- The newest readings, for HistoryService.latest. IS NOT NULL keeps the scan out of the NULLs that stand first in
-- the index idx_state_history_timestamp ("timestamp" DESC).
SELECT id, "timestamp", temperature, humidity, assumed_aircon_power, last_action, api_requests_today, error_count,
       last_temperature_stale, timezone, metadata
FROM state_history
WHERE "timestamp" IS NOT NULL
ORDER BY "timestamp" DESC, id DESC
LIMIT %(n)s
