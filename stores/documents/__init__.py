"""What the dashboard's documents may contain, and what is odd about one. Knows nothing of Django.

>>> [str(remark) for remark in validate("settings", {"mode": "autumn"})]
['mode: "autumn" is not a choice: it must be one of winter, summer.']
"""

from __future__ import annotations

from typing import Any

from stores.documents.definition import DocumentDefinition, Section
from stores.documents.fields import Field, ListField, ObjectField, member_remarks
from stores.documents.remark import Remark, shown
from stores.documents.secrets import mask, replace_secrets
from stores.documents.settings import SETTINGS
from stores.documents.state import STATE
from stores.errors import StoreMisconfigured

__all__ = [
    "DEFINITIONS",
    "DocumentDefinition",
    "Remark",
    "Section",
    "defaults",
    "definition",
    "known_keys",
    "masked",
    "ordered",
    "validate",
]

DEFINITIONS: dict[str, DocumentDefinition] = {found.kind: found for found in (SETTINGS, STATE)}


def definition(kind: str) -> DocumentDefinition:
    """The definition of `kind`. Raises `StoreMisconfigured` for a document that the dashboard does not have."""
    try:
        return DEFINITIONS[kind]
    except KeyError:
        raise StoreMisconfigured(f"There is no document {shown(kind)}; there are settings and state.") from None


def validate(kind: str, document: Any, *, strict: bool = True) -> list[Remark]:
    """Everything odd about `document`, in the order of the definition; notes on unknown keys come last in each object.

    `strict` judges by the ranges of the dashboard's form, for what is about to be written; otherwise by what the
    dashboard tolerates, for a document that is there already. Never raises for what the document holds."""
    fields = definition(kind).fields
    if not isinstance(document, dict):
        return [Remark("", f"The document is not an object but {shown(document)}.", "type")]
    return list(member_remarks(fields, document, "", strict))


def defaults(kind: str) -> dict[str, Any]:
    """The values that the dashboard uses for absent keys, as far as its reference names them."""
    return {field.key: field.default for field in definition(kind).fields if field.default is not None}


def known_keys(kind: str) -> frozenset[str]:
    """The document's top-level keys."""
    return frozenset(field.key for field in definition(kind).fields)


def masked(kind: str, document: dict[str, Any]) -> dict[str, Any]:
    """A copy of `document` that may be shown: each secret is replaced by what may be seen of it."""
    return replace_secrets(definition(kind), document, mask)


def ordered(kind: str, document: dict[str, Any]) -> dict[str, Any]:
    """The document in the order of its definition, as the dashboard prints it; unknown keys follow as they come
    (jsonb does not keep an order)."""
    return _in_order(definition(kind).fields, document)


def _in_order(fields: tuple[Field, ...], value: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for field in fields:
        if field.key not in value:
            continue
        member = value[field.key]
        if isinstance(field, ObjectField) and isinstance(member, dict):
            member = _in_order(field.fields, member)
        elif isinstance(field, ListField) and isinstance(member, list):
            item = field.item.fields
            member = [_in_order(item, element) if isinstance(element, dict) else element for element in member]
        found[field.key] = member
    return {**found, **{key: member for key, member in value.items() if key not in found}}
