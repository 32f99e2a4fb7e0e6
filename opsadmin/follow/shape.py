"""A statement's text without what differs between two writings of it: by this a statement is found again that has another
queryid, as after an upgrade, or once its table was made anew."""

from __future__ import annotations

import re
from hashlib import sha256

from opsadmin.console.errors import SqlRefused
from opsadmin.console.text import tokens_of
from opsadmin.postgres.masking import masked, one_line

_SIGNED = re.compile(r"(?<=[(,=<>\[] )[-+] \?")
_LIST = re.compile(r"\? (?:, \? )+")


def shape_of(sql: str) -> str:
    """A digest that two statements share if they differ in constants, in the length of a list of constants, in space,
    comments and upper or lower case."""
    try:
        tokens = tokens_of(sql.rstrip().rstrip(";"))
    except SqlRefused:
        text = one_line(masked(sql), len(sql)).lower()
    else:
        text = " ".join(_said(token.kind, token.text) for token in tokens) + " "
        text = _LIST.sub("? ", _SIGNED.sub("?", text))
    return sha256(text.encode()).hexdigest()[:32]


def words_of(sql: str) -> frozenset[str]:
    """The words that every statement of this shape holds in lower or upper case; none where the text cannot be read."""
    try:
        return frozenset(token.text for token in tokens_of(sql) if token.kind == "word")
    except SqlRefused:
        return frozenset()


def _said(kind: str, text: str) -> str:
    if kind in ("string", "number", "parameter"):
        return "?"
    # A name in quotes is the same as without, where it needs none.
    return f'"{text}"' if kind == "quoted" and text != text.lower() else text
