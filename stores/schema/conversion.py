"""What it takes to turn a column's type into the expected one: nothing, a conversion that loses nothing, or a person."""

from __future__ import annotations

import re
from typing import Literal

Conversion = Literal["same", "wider", "widen", "json", "zone", "person"]

_LIMITED = re.compile(r"(?P<base>[a-z ]+?)\((?P<first>\d+)(?:,(?P<second>\d+))?\)(?P<rest>.*)")
_INTEGERS = ("smallint", "integer", "bigint")
_TEXTS = ("text", "character varying")


def _parts(type_name: str) -> tuple[str, int | None, int | None]:
    found = _LIMITED.fullmatch(type_name)
    if found is None:
        return type_name, None, None
    second = int(found["second"]) if found["second"] else None
    return found["base"].strip() + found["rest"], int(found["first"]), second


def conversion(found: str, expected: str) -> Conversion:
    """How `found` becomes `expected` (both as format_type() spells them).

    wider: it holds more than is asked for, nothing needs doing. widen: ALTER TYPE keeps every value. json: as widen,
    once the values are known to convert. zone: a timestamp without its time zone. person: values could be lost."""
    if found == expected:
        return "same"
    if found in _INTEGERS and expected in _INTEGERS:
        return "wider" if _INTEGERS.index(found) > _INTEGERS.index(expected) else "widen"
    if (found, expected) == ("json", "jsonb"):
        return "json"
    base, first, second = _parts(found)
    wanted_base, wanted_first, wanted_second = _parts(expected)
    if wanted_base == "character varying" and wanted_first is not None:
        if found in _TEXTS:
            return "wider"
        if base == wanted_base and first is not None:
            return "wider" if first > wanted_first else "widen"
    if wanted_base == "timestamp with time zone":
        if base == wanted_base:
            return "widen"
        if base == "timestamp without time zone":
            return "zone"
    if base == wanted_base == "numeric" and wanted_first is not None:
        if first is None:
            return "person"
        scale, wanted_scale = second or 0, wanted_second or 0
        if scale <= wanted_scale and first - scale <= wanted_first - wanted_scale:
            return "widen"
    return "person"
