"""The statements of `PostgresStore`.

`%(...)s` are values. Who writes, why, and the token by which a doubtful commit is found travel in settings that end
with the transaction; the triggers of json_store read them."""

# ruff: noqa: S608  (constants are joined here, never values)
from __future__ import annotations

READ = "SELECT data::text FROM json_store WHERE kind = %(kind)s"

_CONTEXT = (
    "set_config('switchbot.writer', %(writer)s, true) AS writer, "
    "set_config('switchbot.reason', %(reason)s, true) AS reason, "
    "set_config('switchbot.token', %(token)s, true) AS token"
)
# MATERIALIZED: computed as it stands, before the join gives the row that is locked and changed.
_WITH_CONTEXT = (
    f"WITH context AS MATERIALIZED (SELECT {_CONTEXT}, set_config('lock_timeout', %(lock_timeout)s, true) AS patience) "
)

#: An upsert would fire the INSERT trigger first, each time. Only columns that the dashboard makes itself are named, so
#: that a document can also be written before the migration.
UPDATE = (
    _WITH_CONTEXT + "UPDATE json_store SET data = %(data)s::jsonb, updated_at = now() FROM context "
    "WHERE json_store.kind = %(kind)s AND context.patience IS NOT NULL"
)
UPSERT = (
    _WITH_CONTEXT + "INSERT INTO json_store (kind, data) SELECT %(kind)s, %(data)s::jsonb FROM context "
    "WHERE context.patience IS NOT NULL "
    "ON CONFLICT (kind) DO UPDATE SET data = excluded.data, updated_at = now()"
)

_LOCKED = "SELECT data::text FROM json_store WHERE kind = %(kind)s FOR UPDATE"
# Sent as one text in the simple protocol: one round trip, also through a pooler.
_BEGIN = (
    "BEGIN ISOLATION LEVEL READ COMMITTED; SELECT set_config('lock_timeout', %(lock_timeout)s, true), "
    # Where many want the row, getting its lock is several waits, and lock_timeout counts each anew.
    "set_config('statement_timeout', %(lock_timeout)s, true), "
    "set_config('idle_in_transaction_session_timeout', %(idle_timeout)s, true); "
)
#: Who has the lock is not cancelled half way by what was left for getting it; the client's deadline still holds.
_UNHURRIED = "set_config('statement_timeout', '60s', true)"
BEGIN_LOCKED = _BEGIN + _LOCKED
#: A missing row cannot be locked. Whoever makes it first, both lock the same row afterwards.
MAKE_LOCKED = "INSERT INTO json_store (kind, data) VALUES (%(kind)s, '{}') ON CONFLICT (kind) DO NOTHING; " + _LOCKED
WRITE_COMMIT = f"SELECT {_CONTEXT}, {_UNHURRIED}; UPDATE json_store SET data = %(data)s::jsonb, updated_at = now() WHERE kind = %(kind)s; COMMIT"

_WRITTEN = "SELECT revision FROM json_store_revision WHERE kind = %(kind)s AND token = %(token)s::uuid"
FIND_TOKEN = _WRITTEN
#: Who gets the row's lock knows that the transaction that held it has ended, one way or the other; the look comes
#: after it in a statement, and so a snapshot, of its own.
FIND_TOKEN_LOCKED = (
    _BEGIN + f"SELECT kind AS locked FROM json_store WHERE kind = %(kind)s FOR UPDATE; {_WRITTEN}; ROLLBACK"
)

# --- of a host that fails over: its statements say which epoch they belong to, and give the revision back -----------

READ_REVISION = "SELECT data::text, revision FROM json_store WHERE kind = %(kind)s"
REVISION = "SELECT revision FROM json_store WHERE kind = %(kind)s"

_OF_HOST = (
    f"{_CONTEXT}, set_config('switchbot.host', %(host)s, true) AS host, "
    "set_config('switchbot.epoch', %(epoch)s, true) AS epoch"
)
_WITH_HOST = (
    f"WITH context AS MATERIALIZED (SELECT {_OF_HOST}, set_config('lock_timeout', %(lock_timeout)s, true) AS patience) "
)
#: `seen`: the highest revision that the host knows. A database behind it is not the one that the document is in.
UPDATE_OF_HOST = (
    _WITH_HOST + "UPDATE json_store SET data = %(data)s::jsonb, updated_at = now() FROM context "
    "WHERE json_store.kind = %(kind)s AND context.patience IS NOT NULL AND json_store.revision >= %(seen)s "
    "RETURNING json_store.revision"
)
UPSERT_OF_HOST = (
    _WITH_HOST + "INSERT INTO json_store (kind, data) SELECT %(kind)s, %(data)s::jsonb FROM context "
    "WHERE context.patience IS NOT NULL "
    "ON CONFLICT (kind) DO UPDATE SET data = excluded.data, updated_at = now() RETURNING revision"
)
_LOCKED_REVISION = "SELECT data::text, revision FROM json_store WHERE kind = %(kind)s FOR UPDATE"
BEGIN_LOCKED_REVISION = _BEGIN + _LOCKED_REVISION
MAKE_LOCKED_REVISION = (
    "INSERT INTO json_store (kind, data) VALUES (%(kind)s, '{}') ON CONFLICT (kind) DO NOTHING; " + _LOCKED_REVISION
)
SET_OF_HOST = f"SELECT {_OF_HOST}; "
WRITE_OF_HOST = (
    "UPDATE json_store SET data = %(data)s::jsonb, updated_at = now() WHERE kind = %(kind)s RETURNING revision; "
)
WRITE_COMMIT_OF_HOST = f"SELECT {_OF_HOST}, {_UNHURRIED}; " + WRITE_OF_HOST + "COMMIT"

STATUS = (
    "SELECT found.revision, found.updated_at, octet_length(found.data::text), current_setting('server_version'), "
    "current_setting('transaction_read_only') = 'off' AND has_table_privilege('json_store', 'INSERT') "
    "AND has_table_privilege('json_store', 'UPDATE'), "
    "(SELECT kept.writer FROM json_store_revision AS kept WHERE kept.kind = wanted.kind "
    "ORDER BY kept.revision DESC LIMIT 1) "
    "FROM (SELECT %(kind)s::varchar AS kind) AS wanted LEFT JOIN json_store AS found USING (kind)"
)
