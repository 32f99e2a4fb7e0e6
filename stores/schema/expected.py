"""The store's schema as data: the one place that says which tables, columns, defaults, indexes and triggers the
store has. `create.py` makes SQL of it, `differences.py` compares a database with it, the Django models are
tested against it.

Names, types and defaults of `json_store` and `state_history` are the dashboard's: it runs CREATE ... IF NOT EXISTS
at every start and matches indexes by name only, so an index renamed here would come back as a second one, and a
column without a default in the database would stop its inserts."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Column:
    """A column: `type` as format_type() spells it, `default` as pg_get_expr() spells it (None: no default).
    `identity` is "by default" for an identity column; `serial` for one fed by a sequence it owns."""

    name: str
    type: str
    default: str | None = None
    not_null: bool = False
    identity: bool = False
    serial: bool = False


@dataclass(frozen=True)
class Index:
    """An index beside the primary key: `definition` is what follows ON table in its CREATE INDEX."""

    name: str
    definition: str
    unique: bool = False


@dataclass(frozen=True)
class Trigger:
    name: str
    timing: str
    function: str


@dataclass(frozen=True)
class Table:
    name: str
    columns: tuple[Column, ...]
    primary_key: tuple[str, ...]
    indexes: tuple[Index, ...] = ()
    triggers: tuple[Trigger, ...] = ()
    comment: str = ""


TIMESTAMPTZ = "timestamp with time zone"

TABLES: tuple[Table, ...] = (
    Table(
        "json_store",
        (
            Column("kind", "character varying(50)", not_null=True),
            Column("data", "jsonb", not_null=True),
            Column("updated_at", TIMESTAMPTZ, default="now()"),
            # Ours. Counts the writes of the document, whoever makes them: updated_at is the transaction's start
            # and cannot order writes.
            Column("revision", "bigint", default="1", not_null=True),
        ),
        primary_key=("kind",),
        indexes=(
            # A duplicate of the primary key, and one that keeps updates from being HOT: the dashboard makes both
            # again at each start, so they stay.
            Index("idx_json_store_kind", "USING btree (kind)"),
            Index("idx_json_store_updated_at", "USING btree (updated_at)"),
        ),
        triggers=(
            Trigger("json_store_count", "BEFORE INSERT OR UPDATE", "json_store_count"),
            Trigger("json_store_keep", "AFTER INSERT OR UPDATE", "json_store_keep"),
        ),
    ),
    Table(
        "json_store_revision",
        (
            Column("kind", "character varying(50)", not_null=True),
            Column("revision", "bigint", not_null=True),
            Column("data", "jsonb", not_null=True),
            Column("written_at", TIMESTAMPTZ, default="clock_timestamp()", not_null=True),
            Column("writer", "character varying(150)", default="''::character varying", not_null=True),
            Column("reason", "character varying(200)", default="''::character varying", not_null=True),
            Column("token", "uuid"),
        ),
        primary_key=("kind", "revision"),
        comment="Every value a document had, whoever wrote it; filled by the trigger json_store_keep.",
    ),
    Table(
        "json_store_host",
        (
            Column("host", "uuid", not_null=True),
            # The switch that the host has come back from. A statement of before it, that a line delivers minutes
            # later, is refused by json_store_count.
            Column("epoch", "bigint", default="0", not_null=True),
            Column("name", "character varying(150)", default="''::character varying", not_null=True),
            Column("seen_at", TIMESTAMPTZ, default="clock_timestamp()", not_null=True),
        ),
        primary_key=("host",),
        comment="Hosts that keep a copy; their epoch fences statements of before a switch.",
    ),
    Table(
        "history_replay",
        (
            Column("id", "uuid", not_null=True),
            Column("replayed_at", TIMESTAMPTZ, default="clock_timestamp()", not_null=True),
            Column("rows", "integer", default="0", not_null=True),
        ),
        primary_key=("id",),
        comment="Batches of readings that are in state_history, until their file is gone.",
    ),
    Table(
        "state_history",
        (
            Column("id", "integer", not_null=True, serial=True),
            Column("timestamp", TIMESTAMPTZ, default="now()"),
            Column("temperature", "numeric(4,1)"),
            Column("humidity", "numeric(4,1)"),
            Column("assumed_aircon_power", "character varying(10)"),
            Column("last_action", "character varying(255)"),
            Column("api_requests_today", "integer", default="0"),
            Column("error_count", "integer", default="0"),
            Column("last_temperature_stale", "boolean", default="false"),
            Column("timezone", "character varying(50)", default="'UTC'::character varying"),
            Column("metadata", "jsonb", default="'{}'::jsonb"),
        ),
        primary_key=("id",),
        indexes=(
            Index("idx_state_history_timestamp", 'USING btree ("timestamp" DESC)'),
            Index("idx_state_history_aircon_power", "USING btree (assumed_aircon_power)"),
            Index("idx_state_history_metadata", "USING gin (metadata)"),
        ),
    ),
    Table(
        "automation_state",
        (
            Column("id", "bigint", not_null=True, identity=True),
            Column("device_id", "character varying(50)", not_null=True),
            Column("key", "character varying(100)", not_null=True),
            Column("value", "jsonb", default="'{}'::jsonb", not_null=True),
            Column("updated_at", TIMESTAMPTZ, default="now()", not_null=True),
        ),
        primary_key=("id",),
        indexes=(Index("automation_state_device_id_key", "USING btree (device_id, key)", unique=True),),
        comment="One row per device and key.",
    ),
    Table(
        "history_entries",
        (
            Column("id", "bigint", not_null=True, identity=True),
            Column("device_id", "character varying(50)", default="''::character varying", not_null=True),
            Column("kind", "character varying(50)", not_null=True),
            Column("timestamp", TIMESTAMPTZ, default="now()", not_null=True),
            Column("created_at", TIMESTAMPTZ, default="now()", not_null=True),
            Column("payload", "jsonb", default="'{}'::jsonb", not_null=True),
        ),
        primary_key=("id",),
        indexes=(
            Index("history_entries_timestamp", 'USING btree ("timestamp" DESC)'),
            Index("history_entries_created_at", "USING btree (created_at)"),
            Index("history_entries_device_id_timestamp", 'USING btree (device_id, "timestamp" DESC)'),
        ),
        comment="One row per event: timestamp is when it happened, created_at when it was stored.",
    ),
)
