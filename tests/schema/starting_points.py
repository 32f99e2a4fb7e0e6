"""Databases that adoption may meet, as scripts that run on an empty one."""

from __future__ import annotations

from pathlib import Path

DASHBOARD = Path(__file__).with_name("dashboard.sql").read_text(encoding="utf-8")

DOCUMENTS = """
INSERT INTO json_store (kind, data, updated_at) VALUES
    ('settings', '{"mode": "winter", "poll_interval_seconds": 120, "unknown": [1e22, 0.1]}', '2026-01-02 03:04:05+00'),
    ('state', '{"last_temperature": 21.5, "assumed_aircon_power": "on"}', '2026-01-02 03:04:06+00');
"""
READINGS = """
INSERT INTO state_history (timestamp, temperature, humidity, assumed_aircon_power, last_action, metadata)
SELECT '2026-01-02 00:00+00'::timestamptz + n * interval '1 minute', 20 + n * 0.1, 45, 'on', 'tick ' || n,
       jsonb_build_object('last_tick', n)
FROM generate_series(1, 50) AS n;
INSERT INTO state_history DEFAULT VALUES;
"""

#: Each of them ends in the same schema.
SAFE: dict[str, str] = {
    "empty": "",
    "dashboard": DASHBOARD + DOCUMENTS + READINGS,
    "dashboard without rows": DASHBOARD,
    "old dashboard": DASHBOARD.replace("VARCHAR(255)", "VARCHAR(50)") + DOCUMENTS + READINGS,
    "only json_store": DASHBOARD.split("CREATE INDEX")[0] + DOCUMENTS,
    "only an unused second index": DASHBOARD + "CREATE INDEX json_store_kind_again ON json_store (kind);",
    "history lacks columns, defaults, indexes": DASHBOARD.split("CREATE TABLE IF NOT EXISTS state_history")[0]
    + DOCUMENTS
    + """
    CREATE TABLE state_history (id serial PRIMARY KEY, temperature numeric(4, 1), last_action varchar(50));
    INSERT INTO state_history (temperature) SELECT n FROM generate_series(1, 20) AS n;
    """,
    "history numbered by nobody": """
    CREATE TABLE state_history (id integer PRIMARY KEY, "timestamp" timestamptz);
    INSERT INTO state_history (id) VALUES (1), (7), (41);
    """,
    "json instead of jsonb": DASHBOARD.replace("JSONB", "JSON").replace(
        "CREATE INDEX IF NOT EXISTS idx_state_history_metadata ON state_history USING GIN (metadata);", ""
    )
    + DOCUMENTS,
    "narrow integers": DASHBOARD.replace("INTEGER", "SMALLINT") + READINGS,
    "wrong nulls": """
    CREATE TABLE json_store (kind varchar(50) PRIMARY KEY, data jsonb, updated_at timestamptz NOT NULL DEFAULT now());
    """
    + DOCUMENTS,
    "no primary key": """
    CREATE TABLE json_store (kind varchar(50), data jsonb NOT NULL, updated_at timestamptz DEFAULT CURRENT_TIMESTAMP);
    """
    + DOCUMENTS,
    "unlogged": DASHBOARD.replace("CREATE TABLE", "CREATE UNLOGGED TABLE") + DOCUMENTS,
    "an index of another shape": DASHBOARD.replace("(timestamp DESC)", "(id)") + READINGS,
    "other defaults": DASHBOARD.replace("DEFAULT 'UTC'", "DEFAULT 'Europe/Paris'").replace(
        "NUMERIC(4, 1)", "NUMERIC(3, 0) DEFAULT 20"
    ),
    "another of ours": """
    CREATE TABLE history_entries (id bigserial PRIMARY KEY, kind varchar(20) NOT NULL, payload json);
    INSERT INTO history_entries (kind) VALUES ('on'), ('off');
    UPDATE history_entries SET payload = '{}';
    """,
}

#: What has happened to a database that was adopted before.
DRIFT: dict[str, str] = {
    "a table dropped": "DROP TABLE automation_state",
    "the revisions dropped": "DROP TABLE json_store_revision",
    "the store dropped": "DROP TABLE json_store",
    "the hosts dropped": "DROP TABLE json_store_host",
    "the replayed batches dropped": "DROP TABLE history_replay",
    "an index dropped": "DROP INDEX idx_state_history_timestamp",
    "the constraint dropped": "ALTER TABLE automation_state DROP CONSTRAINT automation_state_device_id_key;"
    "CREATE UNIQUE INDEX automation_state_device_id_key ON automation_state (device_id, key)",
    "a trigger dropped": "DROP TRIGGER json_store_keep ON json_store",
    "triggers disabled": "ALTER TABLE json_store DISABLE TRIGGER USER",
    "a trigger of another timing": "CREATE OR REPLACE TRIGGER json_store_keep AFTER INSERT ON json_store "
    "FOR EACH ROW EXECUTE FUNCTION json_store_keep()",
    "a function changed": "CREATE OR REPLACE FUNCTION json_store_count() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN RETURN NEW; END $$",
    "a function for everybody": "GRANT EXECUTE ON FUNCTION json_store_keep() TO PUBLIC",
    "functions dropped": "DROP FUNCTION json_store_count(), json_store_keep() CASCADE",
    "a row deleted": "DELETE FROM json_store WHERE kind = 'state'",
    "revisions emptied": "TRUNCATE json_store_revision",
    "a column dropped": "ALTER TABLE state_history DROP COLUMN metadata",
    "the number dropped": "ALTER TABLE json_store DROP COLUMN revision",
    "migrations not recorded": "DROP TABLE django_migrations",
}

#: Cases that a person decides: script, the object left with its kind, words of the explanation.
UNSAFE: dict[str, tuple[str, str, str, str]] = {
    "times without a zone": (
        DASHBOARD.replace("TIMESTAMPTZ", "TIMESTAMP") + READINGS,
        "state_history.timestamp", "type", "AT TIME ZONE 'UTC'",
    ),
    "the same key twice": (
        ("CREATE TABLE json_store (kind varchar(50), data jsonb NOT NULL, updated_at timestamptz DEFAULT now());"
        "INSERT INTO json_store (kind, data) VALUES ('settings', '{}'), ('settings', '{\"a\": 1}')"),
        "json_store primary key", "primary key", "HAVING count(*) > 1",
    ),
    "a NULL in the way": (
        "CREATE TABLE json_store (kind varchar(50) PRIMARY KEY, data jsonb); INSERT INTO json_store VALUES ('x', NULL)",
        "json_store.data", "not null", "IS NULL",
    ),
    "text where a number is expected": (
        DASHBOARD.replace("NUMERIC(4, 1)", "TEXT") + "INSERT INTO state_history (temperature) VALUES ('warm')",
        "state_history.temperature", "type", "USING",
    ),
    "one key twice in a json object": (
        ("CREATE TABLE json_store (kind varchar(50) PRIMARY KEY, data json NOT NULL);"
        "INSERT INTO json_store VALUES ('settings', '{\"a\": [{\"b\": 1, \"b\": 2}]}')"),
        "json_store.data", "type", "one key twice",
    ),
    "a json value that jsonb cannot hold": (
        "CREATE TABLE json_store (kind varchar(50) PRIMARY KEY, data json NOT NULL);"
        r"INSERT INTO json_store VALUES ('settings', '{\"a\": \"\u0000\"}')".replace('\\"', '"'),
        "json_store.data", "type", r"\u0000",
    ),
    "a column that stops inserts": (
        DASHBOARD + "ALTER TABLE state_history ADD COLUMN room text NOT NULL",
        "state_history.room", "extra column", "SET DEFAULT",
    ),
    "a view in the table's place": (
        "CREATE VIEW state_history AS SELECT 1 AS id", "state_history", "table", "rename it",
    ),
    "a partitioned table": (
        "CREATE TABLE state_history (id integer, \"timestamp\" timestamptz) PARTITION BY RANGE (\"timestamp\")",
        "state_history", "table", "partitioned",
    ),
    "the index's name is taken": (
        DASHBOARD.split("CREATE INDEX")[0] + "CREATE TABLE idx_json_store_updated_at ()",
        "idx_json_store_updated_at", "index", "Rename",
    ),
    "a deferrable key": (
        "CREATE TABLE json_store (kind varchar(50) PRIMARY KEY DEFERRABLE, data jsonb NOT NULL)",
        "json_store primary key", "primary key", "ON CONFLICT",
    ),
    "a rule of somebody": (
        DASHBOARD + "CREATE UNIQUE INDEX one_a_time ON state_history (timestamp)",
        "one_a_time", "extra index", "unique",
    ),
    "a table in the next schema": (
        ("CREATE SCHEMA other; CREATE TABLE other.state_history (id integer);"
        "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET search_path = public, other', current_database()); END $$"),
        "state_history", "table", "SET SCHEMA",
    ),
    "row security": (
        DASHBOARD + "ALTER TABLE json_store ENABLE ROW LEVEL SECURITY", "json_store", "row security", "Policies",
    ),
}  # fmt: skip
