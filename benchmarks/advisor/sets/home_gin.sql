-- The same with GIN for what no b-tree serves: containment, trigrams, text search.
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
CREATE INDEX ON state_history USING gin (metadata jsonb_path_ops);
CREATE INDEX ON events USING gin (payload jsonb_path_ops);
CREATE INDEX ON events USING gin (message gin_trgm_ops);
CREATE INDEX ON notes USING gin (to_tsvector('simple', body));
