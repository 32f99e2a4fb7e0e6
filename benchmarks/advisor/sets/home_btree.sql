-- The b-trees a careful person would make for the home workload: one for each pattern, plain columns only.
CREATE INDEX ON readings (device_id, at);
CREATE INDEX ON readings (device_id, signal);
CREATE INDEX ON readings (at);
CREATE INDEX ON readings (temperature);
CREATE INDEX ON readings (stale);
CREATE INDEX ON state_history (timestamp);
CREATE INDEX ON state_history (error_count, timestamp);
CREATE INDEX ON state_history (assumed_aircon_power, timestamp);
CREATE INDEX ON state_history (last_action, timestamp);
CREATE INDEX ON events (device_id, kind, timestamp);
CREATE INDEX ON events (acknowledged, kind, timestamp);
CREATE INDEX ON events (request_id);
CREATE INDEX ON events (timestamp);
CREATE INDEX ON devices (home_id);
