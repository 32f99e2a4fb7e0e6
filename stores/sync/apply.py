"""Look at the documents in PostgreSQL, and write new ones in one transaction that ends only where everything is as
it was shown: what is there now is what the plan saw, what was written reads back equal, the old value is kept."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString, cast
from uuid import UUID, uuid4

import psycopg
from django.utils.translation import gettext as _

from stores.backends.json_text import encode, parse_file
from stores.backends.protocol import Document
from stores.errors import CommitUnknown, DocumentError, StoreError, StoreMisconfigured, StoreReadOnly, StoreUnavailable
from stores.sync.differences import same
from stores.sync.plan import Held
from stores.sync.session import Connection, transaction

#: How long to look for the outcome of a COMMIT whose answer never came.
SETTLE_SECONDS = 15


class StoreChanged(StoreError):
    """What PostgreSQL holds has changed since it was shown. Nothing was written; look at the new difference first."""


class ReadBackDiffers(StoreError):
    """PostgreSQL read back something else than was written. Nothing was changed."""


@dataclass(frozen=True)
class Look:
    """What PostgreSQL holds, and what speaks against writing to it: `obstacle` is what a write would raise."""

    held: dict[str, Held]
    obstacle: StoreError | None = None


_SERVER = """
SELECT pg_is_in_recovery() OR current_setting('default_transaction_read_only') = 'on',
       to_regclass('json_store') IS NOT NULL AND to_regclass('json_store_revision') IS NOT NULL
"""

# The trigger that counts and the one that keeps the old value, and whether they fire.
_TABLE = """
SELECT (SELECT count(*) FROM pg_attribute
        WHERE attrelid = to_regclass('json_store') AND NOT attisdropped
          AND attname IN ('kind', 'data', 'updated_at', 'revision')) = 4
   AND (SELECT count(*) FROM pg_trigger
        WHERE tgrelid = to_regclass('json_store') AND tgenabled IN ('O', 'A')
          AND tgname IN ('json_store_count', 'json_store_keep')) = 2,
       has_table_privilege(to_regclass('json_store'), 'SELECT'),
       has_table_privilege(to_regclass('json_store'), 'UPDATE'),
       has_table_privilege(to_regclass('json_store'), 'INSERT'),
       has_table_privilege(to_regclass('json_store_revision'), 'SELECT')
"""

_HELD = "SELECT kind, data::text, revision, updated_at, '' FROM json_store WHERE kind = ANY(%s)"

_HELD_AND_WRITER = """
SELECT held.kind, held.data::text, held.revision, held.updated_at, coalesce(kept.writer, '')
FROM json_store AS held
LEFT JOIN LATERAL (
    SELECT writer FROM json_store_revision AS kept WHERE kept.kind = held.kind ORDER BY kept.revision DESC LIMIT 1
) AS kept ON true
WHERE held.kind = ANY(%s)
"""

# Always in one order, so that two migrations never wait for each other; the dashboard locks one row at a time.
_LOCK = "SELECT kind, data::text, revision FROM json_store WHERE kind = ANY(%s) ORDER BY kind FOR UPDATE"

_NOT_KEPT = """
SELECT held.kind FROM json_store AS held
WHERE held.kind = ANY(%s) AND held.data IS DISTINCT FROM (
    SELECT data FROM json_store_revision AS kept WHERE kept.kind = held.kind ORDER BY kept.revision DESC LIMIT 1)
"""


def look(dsn: str, kinds: Iterable[str]) -> Look:
    """The documents of these kinds from one snapshot, in a read-only transaction.

    Raises `StoreError` where they cannot be read."""
    kinds = list(kinds)
    with transaction(dsn, read_only=True) as connection:
        read_only, tables = _row(connection, _SERVER)
        if not tables:
            raise StoreMisconfigured(_not_adopted())
        complete, may_select, may_update, may_insert, may_see_revisions = _row(connection, _TABLE)
        if not may_select:
            raise StoreMisconfigured(_not_granted("SELECT"))
        if not complete:
            raise StoreMisconfigured(_not_adopted())
        rows = connection.execute(_HELD_AND_WRITER if may_see_revisions else _HELD, [kinds]).fetchall()
    held = {kind: Held(kind) for kind in kinds}
    for kind, text, revision, updated_at, writer in cast(list[tuple[str, str, int, datetime | None, str]], rows):
        held[kind] = Held(kind, True, _document(text), text, revision, updated_at, writer)
    obstacle: StoreError | None = None
    if read_only:
        obstacle = StoreReadOnly(
            _(
                "PostgreSQL takes no writes: it is a replica, or its transactions are read-only by default. "
                "Use the primary's address."
            )
        )
    elif not may_update:
        obstacle = StoreMisconfigured(_not_granted("UPDATE"))
    elif not may_insert and not all(found.exists for found in held.values()):
        obstacle = StoreMisconfigured(_not_granted("INSERT"))
    return Look(held, obstacle)


def read_documents(dsn: str, kinds: Iterable[str]) -> dict[str, Held]:
    """The documents from one snapshot, also of a database that only the dashboard has set up: without revisions.

    Raises `StoreError` where they cannot be read."""
    kinds = list(kinds)
    query = "SELECT kind, data::text, updated_at FROM json_store WHERE kind = ANY(%s)"
    with transaction(dsn, read_only=True) as connection:
        rows = connection.execute(query, [kinds]).fetchall()
    held = {kind: Held(kind) for kind in kinds}
    for kind, text, updated_at in cast(list[tuple[str, str, datetime | None]], rows):
        held[kind] = Held(kind, True, _document(text), text, updated_at=updated_at)
    return held


def write_documents(
    dsn: str, documents: Mapping[str, Document], held: Mapping[str, Held], *, writer: str, reason: str
) -> dict[str, int]:
    """Write all documents or none; the revision of each. `held` is what was shown, of every kind that was asked for:
    a kind that is not written must be as it was shown too, or the verdict given for it would be wrong.

    Raises `StoreChanged`, `ReadBackDiffers`, `CommitUnknown` (the line broke during COMMIT and the outcome could
    not be found out) or another `StoreError`; except for `CommitUnknown`, nothing was changed."""
    texts = {kind: encode(document) for kind, document in sorted(documents.items())}
    token = uuid4()
    with transaction(dsn, read_only=False) as connection:
        may_see_revisions = bool(_row(connection, _TABLE)[4])
        _lock(connection, held, texts)
        _keep_present(connection, list(texts), token, checked=may_see_revisions)
        _name(connection, writer, reason, token)
        for kind, text in texts.items():
            connection.execute(
                "UPDATE json_store SET data = %s::jsonb, updated_at = now() WHERE kind = %s", [text, kind]
            )
        revisions = _read_back(connection, documents, held)
        try:
            connection.commit()
        except psycopg.OperationalError:
            pass  # The answer is missing, not necessarily the commit. Settled below, on a new line.
        else:
            return revisions
    return _settle(dsn, revisions, token, checked=may_see_revisions)


def _document(text: str) -> Document | None:
    """Exactly, as a file would be read; None where it is no document."""
    try:
        return parse_file(text.encode(), source="")
    except DocumentError:
        return None


def _row(connection: Connection, query: LiteralString) -> tuple[object, ...]:
    return connection.execute(query).fetchone() or ()


def _not_adopted() -> str:
    return _(
        "PostgreSQL lacks the store's tables, or the columns and triggers that keep revisions. "
        "Run: manage.py migrate --database store"
    )


def _not_granted(privilege: str) -> str:
    message = _(
        "This role has no %(privilege)s right on json_store. Nothing was changed. Run as the tables' owner: "
        "GRANT %(privilege)s ON json_store TO the role."
    )
    return message % {"privilege": privilege}


def _name(connection: Connection, writer: str, reason: str, token: UUID | None) -> None:
    """Who writes and why, for the revisions of this transaction. The token makes the trigger keep every write."""
    connection.execute(
        "SELECT set_config('switchbot.writer', %s, true), set_config('switchbot.reason', %s, true), "
        "set_config('switchbot.token', %s, true)",
        [writer, reason, str(token) if token else ""],
    )


def _lock(connection: Connection, held: Mapping[str, Held], texts: Mapping[str, str]) -> None:
    """Lock the rows, made as `{}` where missing, and see that they hold what was shown."""
    kinds = list(held)
    found = _locked(connection, kinds)
    missing = [kind for kind in texts if kind not in found]
    if missing:
        _name(connection, "command:migrate_to_postgres", "row made", None)
        for kind in missing:
            connection.execute(
                "INSERT INTO json_store (kind, data) VALUES (%s, '{}') ON CONFLICT (kind) DO NOTHING", [kind]
            )
        found = _locked(connection, kinds)
    changed = [kind for kind in kinds if found.get(kind, "{}") != (held[kind].text or "{}")]
    if changed:
        message = _(
            "PostgreSQL's %(kinds)s changed between the comparison and the write: someone else is writing. "
            "Nothing was written. Run the command again and look at the new difference."
        )
        raise StoreChanged(message % {"kinds": ", ".join(changed)})


def _locked(connection: Connection, kinds: list[str]) -> dict[str, str]:
    return {str(row[0]): str(row[1]) for row in connection.execute(_LOCK, [kinds])}


def _keep_present(connection: Connection, kinds: list[str], token: UUID, *, checked: bool) -> None:
    """See that the present values are kept as revisions. Those that are not (a trigger was off for a while) are
    written once more as they are: with a token the trigger keeps such a write, which needs no right on its table."""
    if checked:
        kinds = [str(row[0]) for row in connection.execute(_NOT_KEPT, [kinds])]
    if not kinds:
        return
    _name(connection, "", "value before migrate_to_postgres", token)
    connection.execute("UPDATE json_store SET data = data WHERE kind = ANY(%s)", [kinds])


def _read_back(connection: Connection, documents: Mapping[str, Document], held: Mapping[str, Held]) -> dict[str, int]:
    """The new revisions. Raises `ReadBackDiffers` where a document is not what was meant."""
    rows = connection.execute(_HELD, [list(documents)]).fetchall()
    found = {str(row[0]): (_document(str(row[1])), cast(int, row[2])) for row in rows}
    for kind, document in documents.items():
        stored, revision = found.get(kind, (None, 0))
        if stored is None or not same(stored, document):
            message = _(
                "PostgreSQL read back other %(kind)s than were written; does a trigger change them? Nothing was changed."
            )
            raise ReadBackDiffers(message % {"kind": kind})
        if revision <= (held[kind].revision or 0):
            raise StoreMisconfigured(_not_adopted())
    return {kind: revision for kind, (_stored, revision) in found.items()}


def _settle(dsn: str, revisions: dict[str, int], token: UUID, *, checked: bool) -> dict[str, int]:
    """Find out whether a COMMIT without an answer was done: wait for its locks to be gone, then look for its token."""
    until = time.monotonic() + SETTLE_SECONDS
    while checked:
        try:
            done = _is_done(dsn, list(revisions), token)
        except StoreError:
            if time.monotonic() > until:
                break
            time.sleep(0.3)  # PostgreSQL may be starting again
            continue
        if done:
            return revisions
        raise StoreUnavailable(
            _("The connection to PostgreSQL broke before the commit. Nothing was changed. Try again.")
        )
    raise CommitUnknown(
        _(
            "The connection to PostgreSQL broke while the write was being confirmed: it is either done or not. "
            "Run the command again when PostgreSQL answers; it compares first, and says whether anything is left to do."
        ),
        token=str(token),
    )


def _is_done(dsn: str, kinds: list[str], token: UUID) -> bool:
    with transaction(dsn, read_only=False) as connection:
        _locked(connection, kinds)
        row = connection.execute(
            "SELECT 1 FROM json_store_revision WHERE token = %s AND kind = ANY(%s) LIMIT 1", [token, kinds]
        ).fetchone()
    return row is not None
