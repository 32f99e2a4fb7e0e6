"""Parameters of operations: from text and from typed values, with errors that say what is allowed."""

from dataclasses import dataclass
from typing import Any

import pytest

from opsadmin.core.errors import OperationError
from opsadmin.core.params import OnDatabase, json_schema, parameter, parameters_of, parse


@dataclass(frozen=True)
class Ask(OnDatabase):
    schema: str = parameter("public", help="Where.", spellings=("schema_name",))
    kind: str = parameter("table", help="What.", choices=("table", "view"))
    families: str = parameter("all", help="Which.", choices=("all", "index", "vacuum"), several=True)
    limit: int = parameter(10, help="How many.", minimum=1, maximum=100)
    share: float | None = parameter(None, help="From where on.", minimum=0)
    analyze: bool = parameter(False, help="Run it.")
    queries: list[str] = parameter([], help="Texts.")
    hypothetical: list[dict[str, Any]] = parameter([], help="Indexes.")


@dataclass(frozen=True)
class Needs(OnDatabase):
    sql: str = parameter(help="The text.", multiline=True)


@pytest.mark.parametrize(
    "given, name, value",
    [
        ({"schema_name": " app "}, "schema", "app"),
        ({"limit": "7"}, "limit", 7),
        ({"limit": 7.0}, "limit", 7),
        ({"share": "0.5"}, "share", 0.5),
        ({"share": None}, "share", None),
        ({"analyze": "yes"}, "analyze", True),
        ({"analyze": "off"}, "analyze", False),
        ({"families": "index, vacuum"}, "families", "index, vacuum"),
        ({"queries": "SELECT 1"}, "queries", ["SELECT 1"]),
        ({"queries": '["a", "b"]'}, "queries", ["a", "b"]),
        ({"hypothetical": '[{"table": "t"}]'}, "hypothetical", [{"table": "t"}]),
        ({}, "database", ""),
    ],
)
def test_values_come_as_text_or_typed(given, name, value):
    assert getattr(parse(Ask, given), name) == value


@pytest.mark.parametrize(
    "given, said",
    [
        ({"limit": 0}, "at least 1"),
        ({"limit": 101}, "at most 100"),
        ({"limit": "many"}, "a whole number"),
        ({"limit": True}, "a whole number"),
        ({"limit": 1.5}, "a whole number"),
        ({"share": "nan"}, "at least 0"),
        ({"analyze": "perhaps"}, "true or false"),
        ({"kind": "sequence"}, "one of table, view"),
        ({"families": "index,nonsense"}, "'nonsense'"),
        ({"queries": [1]}, "a list of texts"),
        ({"hypothetical": "[{"}, "JSON"),
        ({"schema": 3}, "a text"),
        ({"nonsense": 1}, "There is no parameter 'nonsense'"),
        ({"schema": "a", "schema_name": "b"}, "given twice"),
    ],
)
def test_a_wrong_value_is_told_with_what_is_allowed(given, said):
    with pytest.raises(OperationError, match=said):
        parse(Ask, given)


def test_what_is_missing_is_named():
    with pytest.raises(OperationError) as caught:
        parse(Needs, {})
    assert caught.value.parameter == "sql"
    assert parse(Needs, {"sql": " SELECT 1 "}).sql == " SELECT 1 "


def test_a_default_list_is_nobodys_to_share():
    parse(Ask, {}).queries.append("x")
    assert parse(Ask, {}).queries == []


def test_the_schema_says_types_limits_and_defaults():
    schema = json_schema(Ask)
    assert schema["properties"]["limit"] == {
        "type": "integer",
        "minimum": 1,
        "maximum": 100,
        "default": 10,
        "description": "How many.",
    }
    assert schema["properties"]["kind"]["enum"] == ["table", "view"]
    assert "enum" not in schema["properties"]["families"]
    assert schema["properties"]["share"]["type"] == ["number", "null"]
    assert list(schema["properties"])[-1] == "database"
    assert json_schema(Needs)["required"] == ["sql"]
    assert [one.name for one in parameters_of(Needs)] == ["sql", "database"]
