"""What the server or libpq said of a failure, as a sentence that may be shown: without addresses and passwords."""

from __future__ import annotations

import re

from django.db import Error as DatabaseError

#: How libpq hands on a refusal while connecting; only this part of its text names no address.
_FATAL = re.compile(r"FATAL:\s+(.+)")


def sentence_of(error: DatabaseError) -> str:
    """A statement's refusal in the server's words, a refused connection too, and else that nobody answered."""
    cause = error.__cause__ or error
    said = getattr(getattr(cause, "diag", None), "message_primary", None)
    if said:
        return f"PostgreSQL refused: {said.rstrip('.')}."
    if fatal := _FATAL.search(str(cause)):
        return f"PostgreSQL refused the connection: {fatal[1].strip().rstrip('.')}."
    return "PostgreSQL does not answer."
