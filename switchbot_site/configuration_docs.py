"""Writes the table of docs/core/configuration.md: `python -m switchbot_site.configuration_docs`."""

from __future__ import annotations

from pathlib import Path

from switchbot_site.environment import VARIABLES, Variable

DOCUMENT = Path(__file__).resolve().parent.parent / "docs" / "core" / "configuration.md"
BEGIN, END = "<!-- variables: made by switchbot_site.configuration_docs -->\n", "<!-- end of variables -->\n"


def row(variable: Variable) -> str:
    default = variable.default
    if default is None:
        shown = "-"
    elif isinstance(default, list):
        shown = f"`{','.join(default)}`" if default else "empty"
    else:
        shown = f"`{str(default).lower() if isinstance(default, bool) else default}`"
    kind = (
        "secret"
        if variable.secret
        else {"str": "text", "list": "list"}.get(variable.kind.__name__, variable.kind.__name__)
    )
    return f"| `{variable.name}` | {kind} | {shown} | {variable.meaning} |"


def table() -> str:
    return "\n".join(("| variable | kind | default | meaning |", "|---|---|---|---|", *map(row, VARIABLES))) + "\n"


def with_table(text: str) -> str:
    """The document with the present table between its two marks."""
    before, rest = text.split(BEGIN, 1)
    return before + BEGIN + table() + END + rest.split(END, 1)[1]


if __name__ == "__main__":
    DOCUMENT.write_text(with_table(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")
