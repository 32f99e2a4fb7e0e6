"""What the roles may do with the operations' own models, and where they differ from what an operation does: see
docs/core/roles.md."""

from opsadmin.core.roles import Role, declare

declare(
    Role.VIEWER,
    "opsadmin.view_database",
    "opsadmin.view_operationrun",
    "opsadmin.view_checkthreshold",
    "opsadmin.view_ignoredfinding",
)
# It only reads, but whatever the database role may read: rows of people. And it takes the server's time.
declare(Role.OPERATOR, "opsadmin.execute_sql", "opsadmin.view_rows", "opsadmin.measure_index")
# A finding that is known is set aside in the daily work; what counts as one is decided above.
declare(
    Role.OPERATOR,
    "opsadmin.add_ignoredfinding",
    "opsadmin.change_ignoredfinding",
    "opsadmin.delete_ignoredfinding",
)
# Thresholds, tokens, when tasks run, how long things are kept, and whatever is new and nobody thought of yet.
declare(Role.ADMINISTRATOR, "opsadmin.manage_schedule", "opsadmin.change_retention", "opsadmin.*")
