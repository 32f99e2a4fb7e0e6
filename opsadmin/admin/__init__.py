"""What the operations remember, in the admin: one module per family of models."""

from opsadmin.admin import checks, runs, tokens  # noqa: F401  (each registers its models)
