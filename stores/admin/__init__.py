"""The store in the admin: one module per page family."""

from stores.admin import automation, conflicts, documents, history  # noqa: F401  (each registers its models)
