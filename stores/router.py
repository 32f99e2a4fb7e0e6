"""Sends the store's tables to the PostgreSQL we look after, and everything else to the site database."""

from __future__ import annotations

from typing import Any

from django.db import DEFAULT_DB_ALIAS
from django.db.models import Model

STORE_APPS = frozenset({"stores"})
STORE_ALIAS = "store"
#: The models of `stores` that live in the site database instead: written and read while PostgreSQL is down. Named
#: here and not on the models, because a migration asks with models that have no attributes of ours.
SITE_MODELS = frozenset({"storeswitch", "storeconflict", "lastknownpage"})


def _alias(app_label: str, model_name: str | None) -> str | None:
    """Where a model of `stores` lives; None for another app's. Without a model, where the app's migrations work."""
    if app_label not in STORE_APPS:
        return None
    return DEFAULT_DB_ALIAS if model_name and model_name.lower() in SITE_MODELS else STORE_ALIAS


class StoreRouter:
    """The tables of `stores` live in the alias `store` but for `SITE_MODELS`; the site's own apps never do."""

    def db_for_read(self, model: type[Model], **hints: Any) -> str | None:
        return _alias(model._meta.app_label, model._meta.model_name)

    db_for_write = db_for_read

    def allow_relation(self, left: Model, right: Model, **hints: Any) -> bool | None:
        # No foreign key across the two databases: one may be down while the other is not.
        aliases = [_alias(side._meta.app_label, side._meta.model_name) for side in (left, right)]
        return None if (aliases[0] == STORE_ALIAS) == (aliases[1] == STORE_ALIAS) else False

    def allow_migrate(self, db: str, app_label: str, model_name: str | None = None, **hints: Any) -> bool | None:
        return db == (_alias(app_label, model_name) or DEFAULT_DB_ALIAS)
