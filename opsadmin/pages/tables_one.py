"""One object of the catalogue as its template shows it: a table in sections, of other kinds what their own result says of
itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from opsadmin.catalogue.details import Details
from opsadmin.catalogue.index import IndexDetails
from opsadmin.catalogue.relation import RelationDetails
from opsadmin.core.blocks import Block, Code, Figures, Note, Table
from opsadmin.core.finding import Status
from opsadmin.core.result import plain
from opsadmin.faces.drawn import drawn_blocks
from opsadmin.pages.tables_relation import May, One, kind_word, relation_view
from opsadmin.pages.tables_view import Wanted

#: Rows of a table of a block.
MOST = 200


def told_object(found: Details) -> dict[str, Any]:
    """The answer as JSON knows it."""
    if isinstance(found, RelationDetails):
        return {"details": found.as_dict(), "blocks": []}
    blocks = [{"kind": type(block).__name__, **plain(block)} for block in found.blocks()]
    of = found.table if isinstance(found, IndexDetails) else ""
    return {"details": {"identity": found.identity, "kind": found.kind, "of": of}, "blocks": blocks}


def object_view(found: Mapping[str, Any], wanted: Wanted, may: May | None) -> One:
    """`found`: as `told_object` made it. `may`: None where nothing can be done now."""
    details = found["details"]
    if found["blocks"]:
        shown = _Blocks([_block(one) for one in found["blocks"]])
        return One(details["identity"], kind_word(details["kind"]), blocks=tuple(drawn_blocks(shown, MOST)))
    return relation_view(details, wanted, may)


class _Blocks:
    """Blocks that were read back."""

    def __init__(self, blocks: list[Block]) -> None:
        self._blocks = blocks

    def blocks(self) -> list[Block]:
        return self._blocks


def _block(told: Mapping[str, Any]) -> Block:
    match told["kind"]:
        case "Figures":
            return Figures(told["title"], tuple((name, value) for name, value in told["pairs"]))
        case "Table":
            rows = tuple(tuple(row) for row in told["rows"])
            numeric = frozenset(told["numeric"])
            return Table(told["title"], tuple(told["columns"]), rows, numeric, told["empty"], told["more"])
        case "Code":
            return Code(told["title"], told["text"])
    return Note(Status(told["status"]), told["text"], told["detail"], told["command"])
