"""The statements of a resync. `%(...)s` are values; each text is sent whole, in one round trip.

The row's lock comes first: what the statements after it see, nobody changes until the end."""

from __future__ import annotations

from stores.backends.postgres_sql import SET_OF_HOST

BEGIN = (
    "BEGIN ISOLATION LEVEL READ COMMITTED; SELECT set_config('lock_timeout', %(lock_timeout)s, true), "
    "set_config('statement_timeout', %(statement_timeout)s, true), "
    "set_config('idle_in_transaction_session_timeout', %(idle_timeout)s, true); "
)
BEGIN_READ_ONLY = BEGIN.replace("READ COMMITTED;", "REPEATABLE READ READ ONLY;", 1)
HOST = "SELECT 'host', epoch::text, NULL, NULL FROM json_store_host WHERE host = %(host)s::uuid; "

ROW = "SELECT 'row', revision::text, data::text, updated_at FROM json_store WHERE kind = %(kind)s; "
ROW_LOCKED = ROW.replace(";", " FOR UPDATE;")
#: A missing row cannot be locked. The INSERT waits for another one's end, so both lock the same row afterwards.
MAKE_ROW = "INSERT INTO json_store (kind, data) VALUES (%(kind)s, '{}') ON CONFLICT (kind) DO NOTHING; "
#: Of the writes in doubt and of earlier resyncs, the newest that arrived.
ARRIVED = (
    "SELECT 'arrived', revision::text, data::text, token::text FROM json_store_revision WHERE kind = %(kind)s "
    "AND token = ANY(%(tokens)s::uuid[]) ORDER BY revision DESC LIMIT 1; "
)
#: This host's newest write after the base: it was in doubt, and whoever knew its token was killed or gave up.
UNNOTED = (
    "SELECT 'unnoted', revision::text, data::text, token::text FROM json_store_revision WHERE kind = %(kind)s "
    "AND revision > %(base_revision)s AND left(token::text, 18) = %(own)s ORDER BY revision DESC LIMIT 1; "
)
#: What PostgreSQL remembers of the base.
BASE = (
    "SELECT 'base', revision::text, data::text, written_at FROM json_store_revision "
    "WHERE kind = %(kind)s AND revision = %(base_revision)s; "
)
ROLLBACK = "ROLLBACK"

#: The newest revisions after the base: they tell when PostgreSQL's side changed which key.
CHANGES = (
    "SELECT revision, written_at, data::text FROM json_store_revision WHERE kind = %(kind)s "
    "AND revision > %(base_revision)s ORDER BY revision DESC LIMIT 200"
)

SET = SET_OF_HOST
RAISE_EPOCH = (
    "INSERT INTO json_store_host AS known (host, epoch, name) VALUES (%(host)s::uuid, %(epoch)s::bigint, %(name)s) "
    "ON CONFLICT (host) DO UPDATE SET epoch = excluded.epoch, name = excluded.name, seen_at = clock_timestamp(); "
)
WRITE = (
    "UPDATE json_store SET data = %(data)s::jsonb, updated_at = now() WHERE kind = %(kind)s "
    "RETURNING 'written', kind, revision; "
)
COMMIT = "COMMIT"

WRITABLE = "SELECT current_setting('transaction_read_only') = 'off' AND has_table_privilege('json_store', 'UPDATE')"
