"""Operations as tools of the Model Context Protocol: what a client reads about one before it calls it."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from mcp_types import Tool, ToolAnnotations

from opsadmin.core.operation import Effect, Operation

#: The argument by which a caller says yes to what cannot be undone. No operation has a parameter of that name.
CONFIRM = "confirm"


def tool_of(operation: Operation) -> Tool:
    """The tool of the same name."""
    return Tool(
        name=operation.name,
        title=str(operation.title),
        description=f"{operation.summary} {_effect_said(operation.effect)}",
        input_schema=input_schema(operation),
        annotations=ToolAnnotations(
            title=str(operation.title),
            read_only_hint=operation.effect is Effect.READS,
            destructive_hint=operation.effect is Effect.DESTROYS,
            # What writing twice does is the operation's own affair: left open.
            idempotent_hint=True if operation.effect is Effect.READS else None,
            open_world_hint=False,
        ),
    )


def input_schema(operation: Operation) -> dict[str, Any]:
    """The schema of the operation's arguments, as loose as the operation is: a client may check a call against it before
    it sends it, and then must not refuse a parameter's other spelling. So further properties are allowed, and a
    parameter with other spellings says in its description that it is required. The operation itself refuses names
    that it does not know."""
    schema = {
        name: value for name, value in operation.schema.items() if name not in ("additionalProperties", "required")
    }
    properties = dict(schema["properties"])
    required = []
    for one in operation.fields:
        if one.required and one.spellings:
            properties[one.name] = {**properties[one.name], "description": f"{_('Required.')} {one.help}"}
        elif one.required:
            required.append(one.name)
    if operation.effect is Effect.DESTROYS:
        properties[CONFIRM] = {
            "type": "boolean",
            "default": False,
            "description": _("Without it the answer says what would happen, and nothing is done."),
        }
    schema["properties"] = properties
    return {**schema, "required": required} if required else schema


def _effect_said(effect: Effect) -> str:
    return {
        Effect.READS: _("It only reads."),
        Effect.WRITES: _("It changes something; the run is kept in the site's log."),
        Effect.DESTROYS: _(
            "It cannot be undone: called without confirm=true it says what it would do and does nothing. "
            "The run is kept in the site's log."
        ),
    }[effect]
