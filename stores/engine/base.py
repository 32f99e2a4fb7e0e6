"""Django's PostgreSQL backend for the alias `store`."""

from __future__ import annotations

from django.db.backends.postgresql import base


class DatabaseWrapper(base.DatabaseWrapper):
    """As Django's."""
