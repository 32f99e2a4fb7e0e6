"""Sends the store's tables to the PostgreSQL we look after, and everything else to the site database."""

from __future__ import annotations

from typing import Any

from django.db.models import Model

STORE_APPS = frozenset({"stores"})
STORE_ALIAS = "store"


class StoreRouter:
    """`stores` lives in the alias `store`; the site's own apps never do."""

    def db_for_read(self, model: type[Model], **hints: Any) -> str | None:
        return STORE_ALIAS if model._meta.app_label in STORE_APPS else None

    db_for_write = db_for_read

    def allow_relation(self, left: Model, right: Model, **hints: Any) -> bool | None:
        # No foreign key across the two databases: one may be down while the other is not.
        inside = {left._meta.app_label in STORE_APPS, right._meta.app_label in STORE_APPS}
        return None if len(inside) == 1 else False

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool | None:
        return (db == STORE_ALIAS) == (app_label in STORE_APPS)
