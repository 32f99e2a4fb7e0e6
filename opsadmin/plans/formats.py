"""PostgreSQL's YAML and XML from its JSON, letter for letter: a plan is asked for once, whatever the format."""

from __future__ import annotations

import json
from typing import Any
from xml.sax.saxutils import escape

FORMATS = ("text", "json", "yaml", "xml")


def yaml_of(value: list[Any]) -> str:
    """As EXPLAIN (FORMAT YAML)."""
    return "\n".join(
        f"- {line}" if number == 0 else f"  {line}" for one in value for number, line in enumerate(_yaml(one))
    )


def _yaml(value: Any) -> list[str]:
    lines: list[str] = []
    if isinstance(value, dict):
        for key, item in value.items():
            if isinstance(item, dict | list):
                lines.append(f"{key}: ")
                lines.extend(f"  {line}" for line in _yaml(item))
            else:
                lines.append(f"{key}: {_scalar(item)}")
        return lines
    for item in value:
        if isinstance(item, dict):
            first, *rest = _yaml(item) or [""]
            lines += [f"- {first}", *(f"  {line}" for line in rest)]
        elif isinstance(item, list):
            lines.append(f"- [{', '.join(map(_scalar, item))}]")
        else:
            lines.append(f"- {_scalar(item)}")
    return lines


def _scalar(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else str(value)


def xml_of(value: list[Any]) -> str:
    """As EXPLAIN (FORMAT XML)."""
    lines = ['<explain xmlns="http://www.postgresql.org/2009/explain">']
    for one in value:
        lines += _xml("Query", one, "  ")
    return "\n".join([*lines, "</explain>"])


def _xml(name: str, value: Any, indent: str) -> list[str]:
    tag = "".join(letter if letter.isalnum() or letter in "-_." else "-" for letter in name)
    if isinstance(value, dict):
        inner = [line for key, item in value.items() for line in _xml(key, item, indent + "  ")]
    elif isinstance(value, list):
        one = "Item" if all(isinstance(item, str) for item in value) else name.removesuffix("s")
        inner = [line for item in value for line in _xml(one, item, indent + "  ")]
    else:
        text = str(value).lower() if isinstance(value, bool) else escape(str(value), {"\r": "&#x0d;"})
        return [f"{indent}<{tag}>{text}</{tag}>"]
    return [f"{indent}<{tag}>", *inner, f"{indent}</{tag}>"]
