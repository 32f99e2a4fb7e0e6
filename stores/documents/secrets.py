"""Which values of a document are secret, and the document without them.

Secret is everything inside a key that the definition calls secret, whatever its form (a damaged document may hold a
list there), and an IFTTT address wherever it stands."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from stores.documents.definition import DocumentDefinition

#: Stands for what is not shown.
HIDDEN = "••••"

_SECRET_TEXT = re.compile(r"maker\.ifttt\.com/|/with/key/", re.IGNORECASE)


def replace_secrets(
    definition: DocumentDefinition, document: dict[str, Any], replacement: Callable[[Any], Any]
) -> dict[str, Any]:
    """A copy of `document` in which each secret value (never null or empty) is what `replacement` makes of it.
    Does not recurse, so no nesting exhausts it."""
    secret_keys = {field.key for field in definition.fields if field.secret}
    result: dict[str, Any] = {}
    pending: list[tuple[Any, Any, bool]] = [(document, result, False)]
    while pending:
        source, target, inside = pending.pop()
        members = source.items() if isinstance(source, dict) else enumerate(source)
        for key, value in members:
            secret = inside or (source is document and key in secret_keys)
            copy: Any = value
            if isinstance(value, dict | list):
                copy = {} if isinstance(value, dict) else []
                pending.append((value, copy, secret))
            elif value is None or value == "":
                pass
            elif secret or (isinstance(value, str) and _SECRET_TEXT.search(value)):
                copy = replacement(value)
            if isinstance(target, dict):
                target[key] = copy
            else:
                target.append(copy)
    return result


def mask(value: Any) -> str:
    """What may be shown of a secret: `https://maker.ifttt.com/…••••`."""
    if isinstance(value, str):
        try:
            host = urlsplit(value).hostname
        except ValueError:
            host = None
        if host and value.startswith("https://") and re.fullmatch(r"[a-z0-9.-]+", host):
            return f"https://{host}/…{HIDDEN}"
    return HIDDEN
