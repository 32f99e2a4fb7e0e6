"""The operations from Python: `from opsadmin.api import analyze_db_health`. Every registered operation is here by its
name and takes its parameters as keywords:

    list_objects(schema="public", object_type="table", database="store")

Raises `OperationError` for a wrong call and `OperationFailed` where it could not be done. Python code is trusted with
every permission; what destroys something asks for `confirmed=True`."""

from __future__ import annotations

import getpass
from collections.abc import Callable
from typing import Any

from opsadmin.core.errors import NotConfirmed, NotPermitted, OperationError, OperationFailed, UnknownOperation
from opsadmin.core.operation import Caller

__all__ = ["NotConfirmed", "NotPermitted", "OperationError", "OperationFailed", "UnknownOperation", "call"]


def call(name: str, /, *, confirmed: bool = False, **parameters: Any) -> Any:
    """Do the operation `name` and return its result."""
    from opsadmin.perform import perform

    return perform(name, parameters, python_caller(), confirmed=confirmed)


def python_caller() -> Caller:
    """Code of the project, under the account that runs it."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):
        name = "python"
    return Caller(name, "python")


def __getattr__(name: str) -> Callable[..., Any]:
    from opsadmin.perform import find

    if name.startswith("_"):
        raise AttributeError(name)
    try:
        operation = find(name)
    except UnknownOperation:
        raise AttributeError(f"opsadmin.api has no operation {name!r}") from None

    def operate(*, confirmed: bool = False, **parameters: Any) -> Any:
        return call(operation.name, confirmed=confirmed, **parameters)

    operate.__name__ = operate.__qualname__ = operation.name
    operate.__doc__ = str(operation.summary)
    return operate
