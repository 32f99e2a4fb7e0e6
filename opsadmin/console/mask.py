"""Secrets in rows and in error texts, made unreadable. A courtesy to the eye and to logs: what must not be read at all is
for privileges (see the role in docs/core/sql_console.md) and for the guard."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

MASK = "********"

_WORD = r"(?:password|passwd|passphrase|pwd|secret|token|api_?key|private_?key|access_?key|credentials?|jwt)"
#: How a column, a key or a setting is called that holds a secret.
NAMED_SECRET = re.compile(rf"(?:^|[_.\-]){_WORD}s?(?:[_.\-](?:hash|key|value|text|digest|encrypted|old|new))*$", re.I)
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
#: What stands in texts. The first group is kept.
_PATTERNS = (
    re.compile(r"()SCRAM-SHA-\d+\$\d+:[^\s'\"]+"),
    re.compile(r"()\bmd5[0-9a-f]{32}\b"),
    re.compile(r"()\b(?:pbkdf2_sha\d+|scrypt|argon2(?:id|i|d)?|bcrypt(?:_sha256)?)\$[^\s'\"]+"),
    re.compile(r"()\$2[abxy]\$\d\d\$[./A-Za-z0-9]{53}"),
    re.compile(r"()-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.S),
    re.compile(r"()\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*"),
    re.compile(r"([A-Za-z][\w+.-]*://[^/\s:@'\"]*:)[^@\s'\"]+(?=@)"),
    re.compile(rf"(\b[\w.]*{_WORD}[\w-]*\s*[=:]\s*)(?:'(?:[^']|'')*(?:'|\Z)|\"[^\"]*(?:\"|\Z)|[^\s,;&'\"}}\)]+)", re.I),
    re.compile(r"((?:\bldapbindpasswd|\bradiussecrets|\bradiusidentifiers)\s*=\s*)[^\s,}]+", re.I),
    re.compile(r"(\bPASSWORD\s+)(?:'(?:[^']|'')*(?:'|\Z)|\$\w*\$.*?\$\w*\$)", re.I | re.S),
)
#: A text without any of these holds nothing that a pattern finds: most cells are done with that.
_HINT = re.compile(rf"SCRAM-|md5[0-9a-f]|\$|PRIVATE KEY|eyJ|://|{_WORD}|bindpasswd|radius", re.I)
_DEEP = 40


class Masker:
    """Masks texts and values, and counts. `known`: texts that are secret as they are."""

    def __init__(self, known: Iterable[str] = ()) -> None:
        self.count = 0
        self.known = [text for text in sorted(known, key=len, reverse=True) if len(text) >= 4]

    def text(self, text: str) -> str:
        """The text with what looks like a secret replaced."""
        masked = text
        for known in self.known:
            masked = masked.replace(known, MASK)
        if _HINT.search(masked):
            for pattern in _PATTERNS:
                masked = pattern.sub(rf"\g<1>{MASK}", masked)
        self.count += masked != text
        return masked

    def value(self, value: Any, *, secret: bool = False, depth: int = 0) -> Any:
        """A cell: a text, or a list or an object with texts in it. `secret`: all its texts are."""
        if isinstance(value, str):
            if secret and value and value != MASK:
                self.count += 1
                return MASK
            return self.text(value)
        if secret and isinstance(value, bytes | bytearray | memoryview) and len(value):
            self.count += 1
            return MASK
        if depth < _DEEP:
            if isinstance(value, dict):
                return {
                    key: self.value(item, secret=secret or is_secret_name(str(key)), depth=depth + 1)
                    for key, item in value.items()
                }
            if isinstance(value, list | tuple):
                items = [self.value(item, secret=secret, depth=depth + 1) for item in value]
                return tuple(items) if isinstance(value, tuple) else items
        return value


def is_secret_name(name: str) -> bool:
    """Whether a column or a key of that name holds a secret."""
    return bool(NAMED_SECRET.search(_HUMP.sub("_", name)))
