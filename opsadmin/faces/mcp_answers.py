"""What a tool answers: the result as structured content and the same JSON as text, or why there is none in words that
let a model mend its call."""

from __future__ import annotations

import json
from typing import Any

from django.utils.translation import gettext as _
from mcp_types import CallToolResult, TextContent

from opsadmin.core.blocks import said_bytes
from opsadmin.core.errors import OperationError
from opsadmin.core.operation import Operation, Preview
from opsadmin.core.result import plain
from opsadmin.faces.mcp_tools import CONFIRM

#: Characters of text, which goes into a model's context. Structured content, which programs read, goes on.
MAX_TEXT = 100_000
#: Bytes of JSON; beyond that the caller must ask for less.
MAX_BYTES = 1_000_000


def result_answer(operation: Operation, result: Any) -> CallToolResult:
    """The result; what is no object stands under `result`."""
    found = plain(result)
    structured = found if isinstance(found, dict) else {"result": found}
    text = _json(structured)
    size = len(text.encode())
    if size > MAX_BYTES:
        return refusal(_too_long(operation, size))
    content = [TextContent(type="text", text=text[:MAX_TEXT])]
    if len(text) > MAX_TEXT:
        cut = _("The text above is cut: %(shown)d of %(all)d characters. The whole is in structuredContent.") % {
            "shown": MAX_TEXT,
            "all": len(text),
        }
        content.append(TextContent(type="text", text=f"{cut} {_narrower(operation)}".strip()))
    return CallToolResult(content=[*content], structured_content=structured)


def preview_answer(operation: Operation, preview: Preview | None) -> CallToolResult:
    """What an operation that cannot be undone would do. It says first that nothing was done."""
    found = preview or Preview((str(operation.summary),))
    if found.refusal:
        next_step = _("It would be refused: %(reason)s") % {"reason": found.refusal}
    else:
        next_step = _("To do it, call %(name)s again with the same arguments and confirm=true.") % {
            "name": operation.name
        }
    structured = {"done": False, "preview": plain(found), "next": next_step}
    words = [_("Nothing was done yet. This cannot be undone:"), *found.sentences]
    if found.sql:
        words.append(found.sql)
    return CallToolResult(
        content=[TextContent(type="text", text="\n".join([*map(str, words), next_step]))],
        structured_content=structured,
        is_error=bool(found.refusal),
    )


def refusal(error: OperationError) -> CallToolResult:
    """An error inside the result, not of the protocol: the model sees it and may call again, better."""
    words = [error.message]
    if error.allowed and not all(name in error.message for name in error.allowed):
        words.append(_("Allowed: %(names)s.") % {"names": ", ".join(error.allowed)})
    if error.hint:
        words.append(error.hint)
    return CallToolResult(
        content=[TextContent(type="text", text=" ".join(words))],
        structured_content={"error": error.as_dict()},
        is_error=True,
    )


def _json(structured: dict[str, Any]) -> str:
    return json.dumps(structured, ensure_ascii=False)


def _too_long(operation: Operation, size: int) -> OperationError:
    return OperationError(
        _("The result has %(size)s; an answer holds %(most)s.")
        % {"size": said_bytes(size), "most": said_bytes(MAX_BYTES)},
        hint=_narrower(operation),
    )


def _narrower(operation: Operation) -> str:
    """Which arguments make the result smaller: those that choose a part, and those that bound a number."""
    names = [
        one.name
        for one in operation.fields
        if one.name not in ("database", CONFIRM) and (one.kind == "integer" or one.choices or one.kind == "text")
    ]
    if not names:
        return _("This operation takes no argument that would shorten it.")
    return _("A narrower call has less: %(names)s.") % {"names": ", ".join(names)}
