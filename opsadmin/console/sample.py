"""A few rows of a table as an example, and what ANALYZE found most often in its columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from psycopg import sql

from opsadmin.console.mask import Masker, is_secret_name
from opsadmin.console.rows import Rows
from opsadmin.console.run import run
from opsadmin.core.blocks import Block, Table
from opsadmin.core.result import Result
from opsadmin.postgres.session import Session

#: Values of a column, and characters of one.
VALUES, CHARACTERS = 5, 60

_COMMON = """
SELECT s.attname AS name, s.most_common_vals::text::text[] AS found, s.most_common_freqs AS shares
FROM pg_stats AS s
WHERE s.schemaname = %(schema)s AND s.tablename = %(name)s AND s.most_common_vals IS NOT NULL
ORDER BY s.inherited DESC, s.attname
"""


@dataclass(frozen=True)
class CommonValues(Result):
    """What stands in a column most often, and in which part of the rows."""

    column: str
    values: tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class SampleRows(Result):
    """`rows`: some, in no order. `common`: of the columns in which ANALYZE found values that come back."""

    rows: Rows
    common: tuple[CommonValues, ...]

    def blocks(self) -> list[Block]:
        columns = (_("Column"), _("Most common values"))
        said = tuple(
            (one.column, ", ".join(f"{value} ({100 * share:.0f} %)" for value, share in one.values))
            for one in self.common
        )
        found: list[Block] = [*self.rows.blocks()]
        return [*found, Table(_("What stands in it most often"), columns, said)] if said else found


def rows_of(address: Mapping[str, Any], role: str, schema: str, name: str, limit: int) -> Rows:
    """Some rows of a table or view, by the way that every statement of a person takes: read only, guarded, in time, secrets
    masked.

    Raises what `run` raises."""
    text = sql.SQL("SELECT * FROM {} LIMIT {}").format(sql.Identifier(schema, name), sql.Literal(limit)).as_string()
    return run(address, text, limit=limit, role=role)


def common_values(session: Session, schema: str, name: str) -> tuple[CommonValues, ...]:
    """As far as our role may read the columns. One statement.

    Raises psycopg's errors."""
    masker = Masker()
    found: dict[str, CommonValues] = {}
    for row in session.rows(_COMMON, {"schema": schema, "name": name}):
        if row["name"] in found or is_secret_name(row["name"]):
            continue
        pairs = list(zip(row["found"], row["shares"], strict=False))[:VALUES]
        values = tuple((_short(masker.text(value)), float(share)) for value, share in pairs if value is not None)
        found[row["name"]] = CommonValues(row["name"], values)
    return tuple(found.values())


def _short(text: str) -> str:
    return text if len(text) <= CHARACTERS else f"{text[: CHARACTERS - 1]}…"
