-- What the dashboard runs at every start.
CREATE TABLE IF NOT EXISTS json_store (
    kind VARCHAR(50) PRIMARY KEY,
    data JSONB NOT NULL,
    updated_at TIMESTAMPTZ DEFAULT NOW()
);
CREATE INDEX IF NOT EXISTS idx_json_store_kind ON json_store (kind);
CREATE INDEX IF NOT EXISTS idx_json_store_updated_at ON json_store (updated_at);
CREATE TABLE IF NOT EXISTS state_history (
    id SERIAL PRIMARY KEY,
    timestamp TIMESTAMPTZ DEFAULT NOW(),
    temperature NUMERIC(4, 1),
    humidity NUMERIC(4, 1),
    assumed_aircon_power VARCHAR(10),
    last_action VARCHAR(255),
    api_requests_today INTEGER DEFAULT 0,
    error_count INTEGER DEFAULT 0,
    last_temperature_stale BOOLEAN DEFAULT FALSE,
    timezone VARCHAR(50) DEFAULT 'UTC',
    metadata JSONB DEFAULT '{}'
);
CREATE INDEX IF NOT EXISTS idx_state_history_timestamp ON state_history (timestamp DESC);
CREATE INDEX IF NOT EXISTS idx_state_history_aircon_power ON state_history (assumed_aircon_power);
CREATE INDEX IF NOT EXISTS idx_state_history_metadata ON state_history USING GIN (metadata);
ALTER TABLE state_history ALTER COLUMN last_action TYPE VARCHAR(255);
