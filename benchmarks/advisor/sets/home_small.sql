-- What fits a quarter of the heap when every kind of index is allowed: BRIN for what comes in by time, partial ones for
-- the rare rows, operator classes and expressions as the conditions ask, b-trees that deduplicate (numeric does not).
CREATE INDEX ON readings (device_id);
CREATE INDEX ON readings (device_id, at) WHERE stale;
CREATE INDEX ON readings USING brin (at);
CREATE INDEX ON state_history (timestamp);
CREATE INDEX ON state_history (timestamp) WHERE error_count > 0;
CREATE INDEX ON state_history (timestamp) WHERE assumed_aircon_power = 'unknown';
CREATE INDEX ON state_history ((metadata ->> 'rule'));
CREATE INDEX ON events (device_id);
CREATE INDEX ON events (kind, timestamp) WHERE NOT acknowledged;
CREATE INDEX ON events (request_id);
CREATE INDEX ON events (topic text_pattern_ops);
CREATE INDEX ON events USING gin (payload jsonb_path_ops);
CREATE INDEX ON events USING gin (message gin_trgm_ops);
CREATE INDEX ON notes USING gin (to_tsvector('simple', body));
CREATE INDEX ON devices (home_id);
CREATE INDEX ON homes (lower(owner_email));
