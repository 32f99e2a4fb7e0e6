"""Cells of an answer as text, as PostgreSQL writes them: on the page and in files."""

from __future__ import annotations

import json
import re
from datetime import date, datetime, time
from decimal import Decimal
from ipaddress import IPv4Address, IPv4Interface, IPv4Network, IPv6Address, IPv6Interface, IPv6Network
from typing import Any
from uuid import UUID

import psycopg
from psycopg.adapt import PyFormat, Transformer

from opsadmin.console.values import PARSED, is_deep
from opsadmin.core.result import plain

#: What stands for itself in an array; anything else is quoted there.
_BARE = re.compile(r"(?!null\Z)[^\s{}\",\\]+", re.IGNORECASE)
_NETWORK = (IPv4Address, IPv4Interface, IPv4Network, IPv6Address, IPv6Interface, IPv6Network)
#: Types of columns that are numbers, whatever stands in brackets behind them.
_NUMBERS = frozenset({"smallint", "integer", "bigint", "numeric", "real", "double precision", "oid", "money"})


def is_number_type(type_name: str) -> bool:
    """Whether a column of that type, as PostgreSQL writes it, is set to the right."""
    return type_name.partition("(")[0] in _NUMBERS


def text_of(value: Any, type_name: str = "") -> str:
    """A cell that is not NULL. `type_name`: of its column; a list is an array there, but in a column of JSON."""
    is_json = type_name in ("json", "jsonb")
    match value:
        case str() if is_json and not _is_unread(value):
            return _json(value)
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int() | float() | Decimal() | datetime() | date() | time() | UUID():
            return str(value)
        case bytes() | bytearray() | memoryview():
            return f"\\x{bytes(value).hex()}"
        case dict():
            return _json(value)
        case list() if is_json:
            return _json(value)
        case list():
            return f"{{{','.join(map(_element, value))}}}"
    if isinstance(value, _NETWORK):
        return str(value)
    try:
        # Ranges and whatever else has a spelling of its own.
        return bytes(Transformer().get_dumper(value, PyFormat.TEXT).dump(value) or b"").decode()
    except (psycopg.Error, UnicodeDecodeError, NotImplementedError):
        return str(value)


def _is_unread(text: str) -> bool:
    """Whether a text in a column of JSON is a document that the console left as it came, and not a text in JSON."""
    raw = text.encode()
    return len(raw) > PARSED or is_deep(raw)


def _element(value: Any) -> str:
    if value is None:
        return "NULL"
    text = text_of(value)
    if isinstance(value, list) or _BARE.fullmatch(text):
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _json(value: Any) -> str:
    return json.dumps(plain(value), ensure_ascii=False)
