"""The store in the admin: one module per page family."""

from stores.admin import automation  # noqa: F401  (registers its models)
