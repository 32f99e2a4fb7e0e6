"""What became of an index whose run lost its process: PostgreSQL may still be at it, may have come to its end, or left an
invalid one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from opsadmin.indexing.failures import looking
from opsadmin.indexing.questions import rows


class State(StrEnum):
    """`UNDER_WAY`: the session of then is still at it. `VALID`: the index is there. `INVALID`: there is something left to be
    dropped. `GONE`: there is none."""

    UNDER_WAY = "under way"
    VALID = "valid"
    INVALID = "invalid"
    GONE = "gone"


@dataclass(frozen=True)
class Aftermath:
    """`left`: the invalid indexes to drop, by their quoted names."""

    state: State
    left: tuple[str, ...] = ()


def aftermath_of(alias: str, detail: Mapping[str, Any]) -> Aftermath:
    """How it stands now. `detail`: as the run kept it.

    Raises `OperationFailed` where PostgreSQL does not answer."""
    values = {
        "index": str(detail.get("index", "")),
        "table": str(detail.get("table", "")),
        "rebuilds": str(detail.get("statement", "")).startswith("REINDEX"),
        "pid": int(detail.get("pid") or 0),
        "started": str(detail.get("started", "")),
    }
    with looking(alias) as connection:
        (row,) = rows(connection, "aftermath", values)
    if row["is_under_way"]:
        return Aftermath(State.UNDER_WAY)
    if row["left_over"]:
        return Aftermath(State.INVALID, tuple(row["left_over"]))
    return Aftermath(State.VALID if row["is_valid"] else State.GONE)
