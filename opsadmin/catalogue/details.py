"""One object of any kind, with everything that belongs to it."""

from __future__ import annotations

from opsadmin.catalogue.data_type import TypeDetails, type_details
from opsadmin.catalogue.extension import ExtensionDetails, extension_details
from opsadmin.catalogue.function import FunctionDetails, function_details
from opsadmin.catalogue.index import IndexDetails, index_details
from opsadmin.catalogue.kinds import RELATIONS, ROUTINES
from opsadmin.catalogue.relation import RelationDetails
from opsadmin.catalogue.relation_read import relation_details
from opsadmin.catalogue.schema import SchemaDetails, schema_details
from opsadmin.catalogue.sequence import SequenceDetails, sequence_details
from opsadmin.postgres.session import Session

Details = (
    RelationDetails | IndexDetails | SequenceDetails | FunctionDetails | TypeDetails | ExtensionDetails | SchemaDetails
)


def object_details(session: Session, *, schema: str, name: str, object_type: str = "table") -> Details:
    """The object of that kind and name; `object_type` is one of `kinds.DETAILED`.

    Raises `OperationError` that says what there is instead; psycopg's errors."""
    if object_type in RELATIONS:
        return relation_details(session, schema=schema, name=name, object_type=object_type)
    if object_type in ROUTINES:
        return function_details(session, schema=schema, name=name, object_type=object_type)
    match object_type:
        case "index":
            return index_details(session, schema=schema, name=name)
        case "sequence":
            return sequence_details(session, schema=schema, name=name)
        case "extension":
            return extension_details(session, name=name)
        case "schema":
            return schema_details(session, name=name)
    return type_details(session, schema=schema, name=name, object_type=object_type)
