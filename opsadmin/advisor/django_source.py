"""An object of Django's as the source that a person would write: `models.Index(fields=["-day"], name="...")`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.migrations.serializer import serializer_factory
from django.db.models import OrderBy, Q

#: A longer call is written with one argument a line.
MOST_CHARACTERS = 88

#: Where the names are imported from that people know by a shorter way than where they are defined.
_PUBLIC = {
    "django.db.models": ("from django.db import models", "models."),
    "django.db.models.fields.json": ("from django.db.models.fields.json import {0}", ""),
    "django.db.models.functions": ("from django.db.models.functions import {0}", ""),
    "django.db.models.lookups": ("from django.db.models.lookups import {0}", ""),
    "django.db.models.expressions": ("from django.db.models.expressions import {0}", ""),
    "django.contrib.postgres.indexes": ("from django.contrib.postgres.indexes import {0}", ""),
}


def source_of(value: Any) -> tuple[str, tuple[str, ...]]:
    """The source and the imports it needs, in order."""
    imports: set[str] = set()
    text = _source(value, imports)
    if len(text) > MOST_CHARACTERS and hasattr(value, "deconstruct"):
        name, arguments = _call(value, imports)
        text = f"{name}(\n" + "".join(f"    {one},\n" for one in arguments) + ")"
    # As isort has them: what is imported whole first.
    return text, tuple(sorted(imports, key=lambda line: (line.startswith("from "), line)))


def _source(value: Any, imports: set[str]) -> str:
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, Q):
        imports.add("from django.db import models")
        return _condition(value, imports)
    if isinstance(value, list):
        return f"[{', '.join(_source(one, imports) for one in value)}]"
    if isinstance(value, tuple):
        # Where Django hands out a tuple a list does too, and is what people write.
        return _source(list(value), imports)
    if isinstance(value, OrderBy):
        # As .desc() and .asc() made it.
        _, (inner,), named = _parts(value)
        order = "desc" if named.get("descending") else "asc"
        options = ", ".join(f"{key}={_source(one, imports)}" for key, one in named.items() if key != "descending")
        return f"{_source(inner, imports)}.{order}({options})"
    if hasattr(value, "deconstruct"):
        name, arguments = _call(value, imports)
        return f"{name}({', '.join(arguments)})"
    text, needed = serializer_factory(value).serialize()
    imports |= set(needed)
    return text


def _call(value: Any, imports: set[str]) -> tuple[str, list[str]]:
    """What is called, and with which arguments."""
    path, arguments, named = _parts(value)
    module, _, name = path.rpartition(".")
    for public in sorted(_PUBLIC, key=len, reverse=True):
        if module == public or module.startswith(f"{public}."):
            line, prefix = _PUBLIC[public]
            break
    else:
        line, prefix = f"from {module} import {{0}}", ""
    imports.add(line.format(name))
    said = [_source(one, imports) for one in arguments]
    said += [f"{key}={_source(one, imports)}" for key, one in named.items()]
    return f"{prefix}{name}", said


def _parts(value: Any) -> tuple[str, Sequence[Any], dict[str, Any]]:
    """A field says its name first; expressions and indexes do not."""
    parts = value.deconstruct()
    path, arguments, named = parts[-3:]
    # The name of an index stands last, as people write it.
    if "name" in named and "fields" in named or arguments and "name" in named:
        named = {**{key: one for key, one in named.items() if key != "name"}, "name": named["name"]}
    return path, arguments, named


def _condition(value: Q, imports: set[str]) -> str:
    children: list[Any] = list(value.children)
    simple = all(isinstance(one, tuple) and str(one[0]).isidentifier() for one in children)
    # Q orders what it is given by name, and PostgreSQL prints a predicate as it was written.
    names = [one[0] for one in children if isinstance(one, tuple)]
    ordered = names == sorted(set(names)) and value.connector == Q.AND
    if simple and (len(children) == 1 or ordered):
        text = f"models.Q({', '.join(f'{key}={_source(one, imports)}' for key, one in children)})"
    else:
        joined = " | " if value.connector == Q.OR else " & "
        parts = []
        for one in children:
            if isinstance(one, Q):
                part = _condition(one, imports)
                parts.append(f"({part})" if len(one.children) > 1 and not one.negated else part)
            elif isinstance(one, tuple):
                parts.append(f"models.Q({one[0]}={_source(one[1], imports)})")
            else:
                parts.append(f"models.Q({_source(one, imports)})")
        text = joined.join(parts)
        if value.negated and len(parts) > 1:
            text = f"({text})"
    return f"~{text}" if value.negated else text


def _text(value: str) -> str:
    """In double quotes, as the projects' formatters leave it."""
    plain = repr(value)
    return f'"{plain[1:-1]}"' if plain.startswith("'") and '"' not in plain and "\\'" not in plain else plain
