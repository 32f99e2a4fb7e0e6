"""Sessions in the way, in words."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import psycopg
from django.utils.translation import gettext as _

from opsadmin.core.blocks import said_seconds
from opsadmin.indexing.questions import rows

#: More than that are counted, not named.
MOST_NAMED = 3


def named(connection: psycopg.Connection[Any], pids: Collection[int]) -> str:
    """Who they are, those first whose transactions are the oldest: "session 412 of app (application web), idle in
    transaction for 5 min". A prepared transaction has the number 0.

    Raises psycopg's errors."""
    wanted = sorted(set(pids))
    found = rows(connection, "sessions", {"pids": [pid for pid in wanted if pid]})
    said = [_one(row) for row in found]
    if 0 in wanted:
        said.append(_("a prepared transaction (pg_prepared_xacts lists them)"))
    more = len(said) - MOST_NAMED
    if more > 0:
        said = [*said[:MOST_NAMED], _("%(count)d more") % {"count": more}]
    return "; ".join(said)


def _one(row: dict[str, Any]) -> str:
    application = _(" (application %(name)s)") % {"name": row["application"]} if row["application"] else ""
    who = _("session %(pid)d of %(role)s%(application)s") % {
        "pid": row["pid"],
        "role": row["role"] or "–",
        "application": application,
    }
    if row["transaction_seconds"] is None:
        return who
    return _("%(who)s, %(state)s, its transaction open for %(duration)s") % {
        "who": who,
        "state": row["state"] or _("state not shown"),
        "duration": said_seconds(max(row["transaction_seconds"], 0)),
    }
