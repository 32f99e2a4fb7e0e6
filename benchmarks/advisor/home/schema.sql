CREATE TABLE homes (
    id integer PRIMARY KEY,
    owner_email text NOT NULL,
    city text NOT NULL,
    plan varchar(20) NOT NULL,
    created_at timestamptz NOT NULL
);
CREATE TABLE devices (
    id integer PRIMARY KEY,
    home_id integer NOT NULL,
    serial varchar(32) COLLATE "fr-x-icu" NOT NULL,
    kind varchar(20) NOT NULL,
    room varchar(40) NOT NULL,
    firmware varchar(20) NOT NULL,
    retired_at timestamptz,
    settings jsonb NOT NULL DEFAULT '{}'
);
CREATE TABLE readings (
    id bigint PRIMARY KEY,
    device_id integer NOT NULL,
    at timestamptz NOT NULL,
    received_at timestamptz NOT NULL,
    temperature numeric(4, 1),
    humidity numeric(4, 1),
    battery smallint NOT NULL,
    signal smallint NOT NULL,
    stale boolean NOT NULL DEFAULT FALSE
);
-- As the dashboard makes it, without its indexes.
CREATE TABLE state_history (
    id serial PRIMARY KEY,
    timestamp timestamptz DEFAULT now(),
    temperature numeric(4, 1),
    humidity numeric(4, 1),
    assumed_aircon_power varchar(10),
    last_action varchar(255),
    api_requests_today integer DEFAULT 0,
    error_count integer DEFAULT 0,
    last_temperature_stale boolean DEFAULT FALSE,
    timezone varchar(50) DEFAULT 'UTC',
    metadata jsonb DEFAULT '{}'
);
CREATE TABLE events (
    id bigint PRIMARY KEY,
    device_id integer NOT NULL,
    kind varchar(20) NOT NULL,
    topic text COLLATE "fr-x-icu" NOT NULL,
    timestamp timestamptz NOT NULL,
    created_at timestamptz NOT NULL,
    acknowledged boolean NOT NULL,
    request_id uuid NOT NULL,
    message text,
    payload jsonb NOT NULL
);
CREATE TABLE notes (
    id integer PRIMARY KEY,
    device_id integer NOT NULL,
    written_at timestamptz NOT NULL,
    author varchar(60) NOT NULL,
    body text NOT NULL
);
CREATE TABLE automation_state (
    device_id integer NOT NULL,
    key varchar(60) NOT NULL,
    value jsonb NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (device_id, key)
);
