"""One type: an enum, a domain, a composite, a range, or a base type."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from opsadmin.catalogue.dependencies import dependencies_of
from opsadmin.catalogue.find import pick
from opsadmin.catalogue.kinds import TYPES
from opsadmin.catalogue.parts import Dependency, DomainConstraint, Privilege, TypeAttribute, made, privileges_of
from opsadmin.catalogue.questions import question
from opsadmin.catalogue.words import dependency_blocks, figures, notes_of, privileges_block, table
from opsadmin.core.blocks import Block, Code, Figures
from opsadmin.core.result import Result
from opsadmin.postgres.session import Session


@dataclass(frozen=True, kw_only=True)
class TypeDetails(Result):
    """A type. What only some kinds have is None or empty for the others: `labels` of an enum, `attributes` of a composite,
    `base_type`, `not_null`, `default` and `constraints` of a domain, `subtype` and the functions of a range.
    `partner_type`: a range's multirange, and the other way round."""

    schema: str
    name: str
    kind: str
    identity: str
    owner: str
    comment: str | None
    notes: tuple[str, ...]
    extension: str | None
    labels: tuple[str, ...]
    attributes: tuple[TypeAttribute, ...]
    base_type: str | None
    not_null: bool | None
    default: str | None
    constraints: tuple[DomainConstraint, ...]
    subtype: str | None
    partner_type: str | None
    operator_class: str | None
    canonical_function: str | None
    difference_function: str | None
    input_function: str | None
    output_function: str | None
    element_type: str | None
    array_type: str | None
    collation: str | None
    storage: str
    length_bytes: int | None
    privileges: tuple[Privilege, ...]
    privileges_are_default: bool
    uses: tuple[Dependency, ...]
    used_by: tuple[Dependency, ...]
    definition: str | None

    def blocks(self) -> list[Block]:
        facts = figures(
            self,
            *("kind", "owner", "comment", "labels", "base_type", "not_null", "default", "subtype", "partner_type"),
            *("operator_class", "canonical_function", "difference_function", "input_function", "output_function"),
            *("element_type", "array_type", "collation", "storage", "length_bytes", "extension"),
        )
        shown: list[Block] = [Figures(self.identity, facts), *notes_of(self.notes)]
        if self.attributes:
            shown.append(table(_("Attributes"), self.attributes, "name", "type", "collation", "comment"))
        if self.constraints:
            shown.append(
                table(_("Constraints"), self.constraints, "name", "kind", "definition", "validated", "comment")
            )
        shown.append(privileges_block(self.privileges, self.privileges_are_default))
        shown.extend(dependency_blocks(self.uses, self.used_by))
        if self.definition:
            shown.append(Code(_("Definition"), self.definition))
        return shown


def type_details(session: Session, *, schema: str, name: str, object_type: str) -> TypeDetails:
    """A type.

    Raises `OperationError` that says what there is instead; psycopg's errors."""
    (row,) = pick(
        session,
        schema=schema,
        name=name,
        object_type=object_type,
        ask=lambda names: session.rows(question("type"), {**names, "kinds": list(TYPES[object_type])}),
    )
    attributes = []
    if row["kind"] == "composite_type":
        values = {"oid": row["relation"], "schema": row["schema_name"], "name": row["name"]}
        attributes = session.rows(question("columns"), values)
    uses, used_by, cut = dependencies_of(session, "pg_type", row["oid"])
    return made(
        TypeDetails,
        row,
        schema=row["schema_name"],
        notes=tuple(cut),
        attributes=tuple(made(TypeAttribute, one) for one in attributes),
        constraints=tuple(made(DomainConstraint, one) for one in row["constraints"]),
        privileges=privileges_of(row["privileges"]),
        uses=uses,
        used_by=used_by,
        definition=_definition(row, attributes),
    )


def _definition(row: dict[str, Any], attributes: list[dict[str, Any]]) -> str | None:
    """The statement that makes it; None for a kind that is not made by one that says all."""
    match row["kind"]:
        case "enum":
            inside = ",\n".join(f"    {label}" for label in row["quoted_labels"])
            return f"CREATE TYPE {row['identity']} AS ENUM (\n{inside}\n);"
        case "composite_type":
            inside = ",\n".join(
                f"    {one['quoted_name']} {one['type']}" + (f" COLLATE {one['collation']}" if one["collation"] else "")
                for one in attributes
            )
            return f"CREATE TYPE {row['identity']} AS (\n{inside}\n);"
        case "domain":
            return _domain(row)
        case "range_type":
            said = {
                "SUBTYPE": row["subtype"],
                "SUBTYPE_OPCLASS": row["operator_class"],
                "COLLATION": row["collation"],
                "CANONICAL": row["canonical_function"],
                "SUBTYPE_DIFF": row["difference_function"],
                "MULTIRANGE_TYPE_NAME": row["partner_type"],
            }
            inside = ",\n".join(f"    {name} = {value}" for name, value in said.items() if value)
            return f"CREATE TYPE {row['identity']} AS RANGE (\n{inside}\n);"
    return None


def _domain(row: dict[str, Any]) -> str:
    lines = [f"CREATE DOMAIN {row['identity']} AS {row['base_type']}"]
    if row["collation"]:
        lines.append(f"    COLLATE {row['collation']}")
    if row["default"] is not None:
        lines.append(f"    DEFAULT {row['default']}")
    if row["not_null"]:
        lines.append("    NOT NULL")
    # CREATE DOMAIN knows no NOT VALID: such a constraint is added afterwards.
    checks = [one for one in row["constraints"] if one["kind"] == "check"]
    lines.extend(f"    CONSTRAINT {one['quoted_name']} {one['definition']}" for one in checks if one["validated"])
    later = [
        f"\nALTER DOMAIN {row['identity']} ADD CONSTRAINT {one['quoted_name']} {one['definition']};"
        for one in checks
        if not one["validated"]
    ]
    return "\n".join(lines) + ";" + "".join(later)
