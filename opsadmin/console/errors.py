"""What the console says to a statement that it does not run."""

from __future__ import annotations

from opsadmin.core.errors import OperationError, OperationFailed


class SqlRefused(OperationError):
    """The guard does not let the statement run. `reason`: which part and why; `hint`: what would be allowed."""

    http_status = 403

    def __init__(self, reason: str, hint: str = "") -> None:
        super().__init__(reason, parameter="sql", hint=hint)
        self.reason = reason

    def as_dict(self) -> dict[str, object]:
        return {**super().as_dict(), "reason": self.reason}


class SqlWrong(OperationError):
    """PostgreSQL does not accept the statement: a spelling, an unknown name, a value that does not fit."""


class SqlFailed(OperationFailed):
    """The statement was let through and did not come to its end: out of time, or the server went away."""
