"""What goes wrong with an operation, in words for the one who asked for it."""

from __future__ import annotations


class OperationError(Exception):
    """The operation was asked for wrongly: an unknown name, a value that is not allowed. Nothing was done."""

    #: The exit code of `manage.py ops`, and the status of the answer over HTTP.
    exit_code = 2
    http_status = 400

    def __init__(self, message: str, *, parameter: str = "", allowed: tuple[str, ...] = (), hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.parameter = parameter
        self.allowed = allowed
        self.hint = hint

    def as_dict(self) -> dict[str, object]:
        """`kind` is the class's name; what is empty is left out."""
        found = {
            "kind": type(self).__name__,
            "message": self.message,
            "parameter": self.parameter,
            "allowed": list(self.allowed),
            "hint": self.hint,
        }
        return {name: value for name, value in found.items() if value}


class UnknownOperation(OperationError):
    """No operation has that name."""

    http_status = 404


class NotPermitted(OperationError):
    """The caller may not do that."""

    http_status = 403


class NotConfirmed(OperationError):
    """The operation destroys something, and nobody said yes."""

    http_status = 409


class OperationFailed(OperationError):
    """The operation was asked for rightly and could not be done: the database does not answer, a file is full."""

    exit_code = 1
    http_status = 503


class Stopped(OperationFailed):
    """Somebody stopped it before its end."""

    http_status = 409
