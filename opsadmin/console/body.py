"""The text of a function that people wrote (SQL, PL/pgSQL): which names stand in it. Any of them may be the name of a
function, so each is looked up; what a name could mean at worst is what counts."""

from __future__ import annotations

from dataclasses import dataclass

from opsadmin.console.errors import SqlRefused
from opsadmin.console.facts import Function
from opsadmin.console.names import names
from opsadmin.console.text import tokens_of

#: Words that begin a statement which does more than read. In a function that is not VOLATILE the server refuses these
#: itself, so only a text that is run (EXECUTE) is left to refuse there.
COMMANDS = names("commands")


@dataclass(frozen=True)
class Names:
    """The names and the operators in a text."""

    names: frozenset[str]
    operators: frozenset[str]


def names_in(function: Function) -> Names:
    """What stands in the function's text.

    Raises `SqlRefused` where the text runs another text, or a command."""
    try:
        tokens = tokens_of(function.body)
    except SqlRefused as error:
        raise SqlRefused(f"The function {function.spelled} cannot be read: {error.reason}") from None
    refused = COMMANDS if function.volatility == "v" else frozenset({"execute"})
    for token in tokens:
        if token.kind == "word" and token.text in refused:
            hint = "Call functions that only read."
            if function.volatility == "v" and token.text != "execute":
                hint += f" If this one does, declare it so: ALTER FUNCTION {function.spelled} STABLE."
            raise SqlRefused(
                f"The function {function.spelled} holds the word {token.text.upper()}: it may change something.", hint
            )
    return Names(
        frozenset(token.text for token in tokens if token.is_name),
        frozenset(token.text for token in tokens if token.kind == "operator"),
    )
