"""An operation as data, for who asks a door what there is."""

from __future__ import annotations

from typing import Any

from opsadmin.core.operation import Operation


def described(operation: Operation) -> dict[str, Any]:
    """Its name, what it does, its effect, and the JSON Schema of its parameters."""
    return {
        "name": operation.name,
        "title": str(operation.title),
        "summary": str(operation.summary),
        "group": str(operation.group),
        "effect": operation.effect.value,
        "permission": operation.permission,
        "preview": operation.preview is not None,
        "parameters": operation.schema,
    }
