"""Names as people type them. PostgreSQL keeps a name exactly, upper case, dots and quotes included; a person may type it
so, in double quotes as in SQL, or without them as in SQL (then it is folded to lower case)."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

_QUOTED = re.compile(r'"(?:[^"]|"")+"')

#: Short names of types, and what format_type says.
_ALIASES = {
    "int": "integer",
    "int4": "integer",
    "int8": "bigint",
    "int2": "smallint",
    "bool": "boolean",
    "float4": "real",
    "float8": "double precision",
    "float": "double precision",
    "decimal": "numeric",
    "varchar": "character varying",
    "bpchar": "character",
    "char": "character",
    "varbit": "bit varying",
    "timestamptz": "timestamp with time zone",
    "timestamp": "timestamp without time zone",
    "timetz": "time with time zone",
    "time": "time without time zone",
}


def readings(name: str) -> list[str]:
    """What a typed name may stand for, the likeliest first: itself, without its quotes, folded to lower case. Empty
    for an empty name."""
    found = [name]
    if _QUOTED.fullmatch(name):
        found.append(name[1:-1].replace('""', '"'))
    else:
        found.append(name.lower())
    return [one for one in dict.fromkeys(found) if one]


def split_arguments(name: str) -> tuple[str, str | None]:
    """`f(integer, text)` as the function's name and its arguments; None where no arguments are said."""
    match = re.fullmatch(r'\s*("(?:[^"]|"")+"|[^"(]+?)\s*\((.*)\)\s*', name, re.DOTALL)
    return (match[1], match[2]) if match else (name, None)


def same_arguments(typed: str, types: Iterable[str], with_names: str) -> bool:
    """Whether typed arguments are a function's: `types` as format_type says them, `with_names` as
    pg_get_function_identity_arguments does."""
    if _plain(typed) == _plain(with_names):
        return True
    wanted = [_type(one) for one in _at_top_level(typed)]
    known = [_type(one) for one in types]
    return len(wanted) == len(known) and all(
        one == other or one == _unqualified(other) for one, other in zip(wanted, known, strict=True)
    )


def close_to(name: str, known: Iterable[str], limit: int = 5) -> tuple[str, ...]:
    """The known names that look like it, the closest first; case does not matter."""
    by_folded: dict[str, str] = {}
    for one in known:
        by_folded.setdefault(one.lower(), one)
    wanted = (readings(name) or [name])[-1].lower()
    found = difflib.get_close_matches(wanted, by_folded, n=limit, cutoff=0.6)
    holding = [one for one in by_folded if len(wanted) >= 3 and wanted in one]
    return tuple(by_folded[one] for one in dict.fromkeys([*found, *sorted(holding, key=len)]))[:limit]


def _at_top_level(arguments: str) -> list[str]:
    """The parts between commas that stand in no parentheses and no quotes."""
    parts, depth, quoted, begun = [], 0, False, 0
    for position, letter in enumerate(arguments):
        if letter == '"':
            quoted = not quoted
        elif not quoted and letter in "()[]":
            depth += 1 if letter in "([" else -1
        elif not quoted and depth == 0 and letter == ",":
            parts.append(arguments[begun:position])
            begun = position + 1
    parts.append(arguments[begun:])
    return [part.strip() for part in parts] if arguments.strip() else []


def _type(text: str) -> str:
    text = re.sub(r"\([^)]*\)", "", _plain(text)).removeprefix("pg_catalog.").strip()
    text = re.sub(r"^(variadic|in|inout) ", "", text)
    element, brackets, _ = text.partition("[]")
    return _ALIASES.get(element, element) + brackets


def _unqualified(text: str) -> str:
    return re.sub(r'^(?:"(?:[^"]|"")+"|[^".]+)\.', "", text)


def _plain(text: str) -> str:
    """One space where there were several; lower case outside quotes."""
    parts = re.split(r'("(?:[^"]|"")*")', " ".join(text.split()))
    return "".join(part if part.startswith('"') else part.lower() for part in parts)
