"""Whether the text of a statement names a table, by its words: it is not planned for that, and its objects may be gone.

A word counts where a table's name may stand (`orders`, `public.orders`, `"Orders"`, `orders.id`); what stands in constants and
comments does not. A column of that name counts too: the text does not tell."""

from __future__ import annotations

import re
from collections.abc import Iterator

from opsadmin.postgres.masking import pieces_of

_NAME = re.compile(r'(?P<quoted>"(?:[^"]|"")*")|(?<![\w$])(?P<plain>[^\W\d][\w$]*)|(?P<dot>\s*\.\s*)|(?P<other>\S)')


def names_table(sql: str, table: str) -> bool:
    """`table` as in SQL: `orders` or `public.orders`, in double quotes where it has to be. With its schema it is also
    found where the statement leaves that out. An empty one names nothing."""
    wanted = next(_chains(table), ())
    if not wanted or wanted[-1].lower() not in sql.lower().replace('""', '"'):
        return False
    schema, name = (wanted[-2], wanted[-1]) if len(wanted) > 1 else ("", wanted[-1])
    for chain in _chains(sql):
        for place, part in enumerate(chain):
            before = chain[place - 1] if place else ""
            if part == name and (not schema or not before or before == schema):
                return True
    return False


def _chains(sql: str) -> Iterator[tuple[str, ...]]:
    """The names of a text, as they are stored; those with dots between them together."""
    text = "".join(part if kind == "rest" else " ' " for kind, part in pieces_of(sql))
    chain: list[str] = []
    joined = False
    for found in _NAME.finditer(text):
        name = ""
        if found["quoted"] is not None:
            name = found["quoted"][1:-1].replace('""', '"')
        elif found["plain"] is not None:
            name = found["plain"].lower()
        if name and joined:
            chain.append(name)
        else:
            if chain and found["dot"] is None:
                yield tuple(chain)
                chain = []
            if name:
                chain = [name]
        joined = found["dot"] is not None and bool(chain)
    if chain:
        yield tuple(chain)
