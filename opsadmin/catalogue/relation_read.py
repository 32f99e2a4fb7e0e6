"""Reading one table, view, materialized view or foreign table from the catalogue."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from opsadmin.catalogue.dependencies import MOST, dependencies_of
from opsadmin.catalogue.find import pick
from opsadmin.catalogue.kinds import RELATIONS
from opsadmin.catalogue.locks import Definitions, definitions_of
from opsadmin.catalogue.parts import (
    Column,
    Constraint,
    ExtendedStatistics,
    Index,
    Partitioning,
    Policy,
    Publication,
    Relative,
    Rule,
    Sizes,
    Trigger,
    made,
    privileges_of,
    statistics_of,
    without_secrets,
)
from opsadmin.catalogue.questions import question
from opsadmin.catalogue.relation import RelationDetails
from opsadmin.postgres.session import Session


def relation_details(session: Session, *, schema: str, name: str, object_type: str) -> RelationDetails:
    """A relation of that kind.

    Raises `OperationError` that says what there is instead; psycopg's errors."""
    kinds = list(RELATIONS[object_type])
    (facts,) = pick(
        session,
        schema=schema,
        name=name,
        object_type=object_type,
        ask=lambda names: session.rows(question("relation"), {**names, "kinds": kinds}),
    )
    oid = facts["oid"]
    columns = session.rows(question("columns"), {"oid": oid, "schema": facts["schema_name"], "name": facts["name"]})
    indexes = session.rows(question("indexes"), {"table": oid, "index": None}) if facts["has_indexes"] else []
    constraints = session.rows(question("constraints"), {"oid": oid})
    relatives = session.rows(question("relatives"), {"oid": oid, "limit": MOST}) if facts["has_relatives"] else []
    uses, used_by, cut = dependencies_of(session, "pg_class", oid, row_type=facts["row_type"])
    written = definitions_of(session, oid, identity=facts["identity"])
    children = [one for one in relatives if one["is_child"]]
    found = {
        name: facts[name] for name in (field.name for field in dataclasses.fields(RelationDetails)) if name in facts
    }
    return RelationDetails(
        **{
            **{name: tuple(value) if isinstance(value, list) else value for name, value in found.items()},
            "schema": facts["schema_name"],
            "notes": (*written.notes, *_notes(facts, columns), *cut),
            "rows": _of_all(children, "all_rows") if facts["strategy"] else facts["rows"],
            "sizes": _sizes(facts, indexes, children, written),
            "updatable": {"yes": True, "no": False}.get(written.get("updatable") or ""),
            "options": without_secrets(facts["options"]),
            "foreign_options": without_secrets(facts["foreign_options"]),
            "partitioning": Partitioning(
                facts["strategy"], tuple(facts["partition_columns"]), written.get("partition_key")
            )
            if facts["strategy"]
            else None,
            "parents": tuple(made(Relative, one) for one in relatives if not one["is_child"]),
            "children": tuple(made(Relative, one) for one in children),
            "children_total": children[0]["total"] if children else 0,
            "columns": tuple(column_of(one, written) for one in columns),
            "indexes": tuple(index_of(one, written) for one in indexes),
            "constraints": tuple(
                made(Constraint, one, definition=one["definition"] or written.get("constraint", one["oid"]))
                for one in constraints
                if one["own"]
            ),
            "referenced_by": tuple(made(Constraint, one) for one in constraints if one["incoming"]),
            "triggers": tuple(
                made(Trigger, one, definition=one["definition"] or written.get("trigger", one["oid"]))
                for one in facts["triggers"]
            ),
            "rules": tuple(made(Rule, one, definition=written.get("rule", one["oid"])) for one in facts["rules"]),
            "policies": tuple(
                made(
                    Policy,
                    one,
                    using=written.get("policy_using", one["oid"]),
                    check=written.get("policy_check", one["oid"]),
                )
                for one in facts["policies"]
            ),
            "extended_statistics": tuple(
                made(ExtendedStatistics, one, definition=written.get("statistics", one["oid"]))
                for one in facts["extended_statistics"]
            ),
            "publications": tuple(made(Publication, one) for one in facts["publications"]),
            "privileges": privileges_of(facts["privileges"]),
            "statistics": statistics_of(facts["statistics"]),
            "uses": uses,
            "used_by": used_by,
            "definition": written.get("view"),
        }
    )


def column_of(facts: dict[str, Any], written: Definitions) -> Column:
    """A column; what a generated one is made from comes from the definitions."""
    return made(
        Column,
        facts,
        foreign_options=without_secrets(facts["foreign_options"]),
        privileges=privileges_of(facts["privileges"]),
        expression=written.get("generated", facts["position"]),
    )


def index_of(facts: dict[str, Any], written: Definitions) -> Index:
    """An index, with its real size where that could be had."""
    size = written.number("index_bytes", facts["oid"]) if facts["size_bytes"] is not None else None
    return made(
        Index,
        facts,
        size_bytes=facts["size_bytes"] if size is None else size,
        size_is_estimated=size is None,
        definition=written.get("index", facts["oid"]),
    )


def _of_all(children: Sequence[dict[str, Any]], field: str) -> int | None:
    """A sum over all children, which every row has."""
    return children[0][field] if children else None


def _sizes(
    facts: dict[str, Any], indexes: Sequence[dict[str, Any]], children: Sequence[dict[str, Any]], written: Definitions
) -> Sizes | None:
    """Real sizes where no lock stood in the way, else estimates; a partitioned table's are its partitions' sums."""
    if facts["strategy"]:
        return Sizes(None, None, None, None, _of_all(children, "all_bytes"), is_estimated=True)
    if facts["estimated_bytes"] is None:
        return None
    heap, maps = written.number("heap_bytes"), written.number("maps_bytes")
    toast = written.number("toast_bytes")
    exact = [written.number("index_bytes", one["oid"]) for one in indexes]
    if heap is None or maps is None or None in exact:
        estimated = sum(one["size_bytes"] or 0 for one in indexes)
        return Sizes(facts["estimated_bytes"], None, None, estimated, facts["estimated_bytes"] + estimated, True)
    index = sum(size for size in exact if size is not None)
    return Sizes(heap, toast, maps, index, heap + maps + index + (toast or 0), is_estimated=False)


def _notes(facts: dict[str, Any], columns: Sequence[dict[str, Any]]) -> list[str]:
    """What our role may not see, with the grant that is missing."""
    if facts["may_read"] or facts["kind"] in ("view", "foreign_table") or not columns:
        return []
    role = facts["quoted_role"]
    usage = "" if facts["may_use_schema"] else f"GRANT USAGE ON SCHEMA {facts['quoted_schema']} TO {role}; "
    grant = f"GRANT SELECT ON {facts['identity']} TO {role};"
    return [
        f"Missing: what ANALYZE found in the columns, because {facts['role']} may not read {facts['identity']}. {usage}{grant}"
    ]
