"""Whether a page should ask PostgreSQL now, and asking it: what one part of the site has found out, the others heed."""

from __future__ import annotations

import psycopg
from django.conf import settings
from django.db import connections

from stores import comparison, registry
from stores.backends.failover.mode import Mode
from stores.backends.failover.probe_plan import find_plan
from stores.backends.protocol import KINDS
from stores.engine.breaker import Breaker, breaker_of
from stores.errors import StoreError, StoreUnavailable
from stores.router import STORE_ALIAS


class NotAsked(StoreUnavailable):
    """PostgreSQL did not answer a moment ago, so it was not asked again."""


def present_mode() -> Mode | None:
    """The host's mode; None where its directory cannot be read."""
    try:
        return registry.host().mode()
    except StoreError:
        return None


def meet_the_stores() -> None:
    """Read each document as any caller does: that registers the copies, and a host whose PostgreSQL has died unnoticed
    goes over to them now."""
    for kind in KINDS:
        try:
            registry.store_for(kind).read()
        except StoreError:
            continue


def refusal_of(mode: Mode | None) -> str:
    """Why no page needs to ask PostgreSQL: the host has left it, and its probes have not heard it since. "" where a
    page may ask."""
    if mode is None or mode.backend == "postgres" or not mode.automatic or mode.stop:
        return ""
    plan = find_plan(registry.host().probe_path, mode.epoch)
    if plan is not None and plan.answers:
        return ""
    return (plan.error if plan else "") or mode.reason or "PostgreSQL does not answer."


def store_breaker() -> Breaker:
    """The one that the pages of PostgreSQL's tables heed."""
    parts = connections[STORE_ALIAS].get_connection_params()
    return breaker_of(str(parts.get("host", "")), str(parts.get("port", "")))


def ask_postgres(*, force: bool = False) -> dict[str, comparison.Row]:
    """Both documents, in one statement, within the store's deadline. Unless `force`, PostgreSQL is left alone for some
    seconds after a failure, and while probes do that work. Raises `NotAsked`, and `StoreError`."""
    breaker = store_breaker()
    if not force:
        refusal = refusal_of(registry.host().mode())
        if refusal:
            raise NotAsked(refusal)
        try:
            breaker.let_through()
        except psycopg.OperationalError as error:
            raise NotAsked(f"{error}.") from None
    try:
        rows = comparison.rows(settings.STORE_DEADLINE_SECONDS)
    except StoreUnavailable:
        breaker.failed()
        raise
    breaker.succeeded()
    return rows
