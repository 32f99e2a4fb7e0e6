-- What a provider of the dashboard asks its database; each placeholder is filled in from a set of constants.
-- They are written as people write them, whatever a linter says.
-- noqa: disable=AM03,AM06

-- name: latest_readings
SELECT at, temperature, humidity FROM readings WHERE device_id = %(device)s ORDER BY at DESC LIMIT 10;

-- name: device_day
SELECT date_trunc('hour', at) AS hour, avg(temperature), avg(humidity)
FROM readings
WHERE device_id = %(device)s AND at >= '%(day)s' AND at < timestamptz '%(day)s' + interval '1 day'
GROUP BY 1
ORDER BY 1;

-- name: readings_hour
SELECT count(*), avg(temperature), min(signal)
FROM readings
WHERE at >= '%(day)s' AND at < timestamptz '%(day)s' + interval '6 hours';

-- name: stale_readings
SELECT device_id, count(*), max(at) FROM readings WHERE stale AND at >= '%(month)s' GROUP BY device_id ORDER BY 2 DESC LIMIT 20;

-- name: hot_rooms
SELECT d.home_id, d.room, r.at, r.temperature
FROM readings AS r
INNER JOIN devices AS d ON d.id = r.device_id
WHERE r.temperature >= %(hot)s AND d.kind = 'meter'
ORDER BY r.temperature DESC, r.at
LIMIT 50;

-- name: low_battery
SELECT device_id, min(battery)
FROM readings
WHERE battery <= 1 AND at >= '%(day)s' AND at < timestamptz '%(day)s' + interval '7 days'
GROUP BY device_id;

-- name: weak_signal
SELECT count(*) FROM readings WHERE device_id BETWEEN %(device)s AND %(device)s + 20 AND signal < -90;

-- name: room_averages
SELECT d.room, avg(r.temperature), count(*)
FROM devices AS d
INNER JOIN readings AS r ON r.device_id = d.id
WHERE d.home_id = %(home)s AND r.at >= '%(month)s'
GROUP BY d.room;

-- name: history_chart
SELECT
    date_trunc('hour', timestamp) AS bucket,
    avg(temperature),
    avg(humidity),
    mode() WITHIN GROUP (ORDER BY assumed_aircon_power),
    max(api_requests_today),
    sum(error_count),
    bool_or(last_temperature_stale)
FROM state_history
WHERE timestamp >= '%(day)s' AND timestamp < timestamptz '%(day)s' + interval '1 day'
GROUP BY 1
ORDER BY 1;

-- name: history_latest
SELECT timestamp, temperature, humidity, last_action, metadata FROM state_history ORDER BY timestamp DESC LIMIT 100;

-- name: failed_actions
SELECT timestamp, last_action, api_requests_today
FROM state_history
WHERE last_action = '%(action)s'
ORDER BY timestamp DESC
LIMIT 20;

-- name: errors_of_month
SELECT date_trunc('day', timestamp) AS day, sum(error_count)
FROM state_history
WHERE error_count > 0 AND timestamp >= '%(month)s'
GROUP BY 1
ORDER BY 1;

-- name: power_unknown
SELECT id, timestamp, last_action FROM state_history WHERE assumed_aircon_power = 'unknown' AND timestamp >= '%(month)s';

-- name: pending_repeats
SELECT id, timestamp, metadata
FROM state_history
WHERE metadata @> '{"pending_off_repeat": {"remaining": %(remaining)s}}' AND timestamp >= '%(month)s';

-- name: rule_history
SELECT timestamp, temperature, last_action
FROM state_history
WHERE metadata ->> 'rule' = '%(rule)s'
ORDER BY timestamp DESC
LIMIT 50;

-- name: settle_errors
UPDATE state_history SET error_count = 0
WHERE error_count >= 8 AND timestamp >= '%(day)s' AND timestamp < timestamptz '%(day)s' + interval '3 days';

-- name: prune_history
DELETE FROM state_history WHERE timestamp < '%(oldest)s';

-- name: device_events
SELECT timestamp, kind, message, payload
FROM events
WHERE device_id = %(device)s AND kind = '%(kind)s'
ORDER BY timestamp DESC
LIMIT 50;

-- name: unacknowledged
SELECT id, device_id, timestamp, message
FROM events
WHERE NOT acknowledged AND kind = '%(kind)s'
ORDER BY timestamp DESC
LIMIT 100;

-- name: request
SELECT device_id, kind, timestamp, payload FROM events WHERE request_id = '%(request)s';

-- name: topic
SELECT kind, count(*), max(timestamp)
FROM events
WHERE topic LIKE '%(topic)s' AND timestamp >= '%(month)s'
GROUP BY kind;

-- name: service_calls
SELECT id, device_id, timestamp, message FROM events WHERE message ILIKE '%(fault)s' ORDER BY timestamp DESC LIMIT 100;

-- name: error_code
SELECT id, device_id, timestamp FROM events WHERE payload @> '{"code": "%(code)s"}' ORDER BY timestamp DESC LIMIT 100;

-- name: home_events
SELECT d.room, e.kind, e.timestamp, e.message
FROM devices AS d
INNER JOIN events AS e ON e.device_id = d.id
WHERE d.home_id = %(home)s AND d.retired_at IS NULL AND e.timestamp >= '%(month)s'
ORDER BY e.timestamp DESC
LIMIT 50;

-- name: notes
SELECT id, device_id, body
FROM notes
WHERE to_tsvector('simple', body) @@ plainto_tsquery('simple', '%(words)s')
ORDER BY written_at DESC
LIMIT 20;

-- name: owner
SELECT d.serial, s.key, s.value, s.updated_at
FROM homes AS h
INNER JOIN devices AS d ON d.home_id = h.id
INNER JOIN automation_state AS s ON s.device_id = d.id
WHERE lower(h.owner_email) = '%(email)s' AND s.updated_at < '%(month)s';
