"""What somebody asks of the page SQL: the form's content."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict

from opsadmin.faces.sql_file import split_statements

#: CREATE INDEX begins a line: one statement ends there even without a semicolon.
_NEXT_INDEX = re.compile(r"\n(?=\s*create\s+(?:unique\s+)?index\b)", re.IGNORECASE)


@dataclass(frozen=True)
class Asked:
    """What stands in the form, letter for letter."""

    sql: str = ""
    params: str = ""
    limit: str = ""
    indexes: str = ""
    hidden: str = ""
    database: str = ""

    @property
    def has_more(self) -> bool:
        """Whether something stands in the part of the form that is folded."""
        return any(text.strip() for text in (self.params, self.limit, self.indexes, self.hidden))

    @property
    def for_rows(self) -> dict[str, Any]:
        """The parameters of `execute_sql`."""
        return {
            "sql": self.sql,
            **({"params": self.params} if self.params.strip() else {}),
            **({"limit": self.limit} if self.limit.strip() else {}),
            "database": self.database,
        }

    @property
    def for_plan(self) -> dict[str, Any]:
        """The parameters of `explain_query`."""
        return {
            "sql": self.sql,
            "hypothetical_indexes": [
                one.strip()
                for statement in split_statements(self.indexes)
                for one in _NEXT_INDEX.split(statement)
                if one.strip()
            ],
            "hidden_indexes": [line.strip() for line in self.hidden.splitlines() if line.strip()],
            "database": self.database,
        }


def asked_in(query: QueryDict, databases: tuple[str, ...], default: str) -> Asked:
    """What stands in the form, or in the address. Line ends are PostgreSQL's, so that positions are."""
    given = {
        name: query.get(name, "").replace("\r\n", "\n") for name in ("sql", "params", "limit", "indexes", "hidden")
    }
    database = query.get("database", "")
    return Asked(**given, database=database if database in databases else default)
