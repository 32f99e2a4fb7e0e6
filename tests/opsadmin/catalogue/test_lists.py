"""Schemas and lists of objects: every kind, odd names, pages, and what a person may have meant."""

from __future__ import annotations

import pytest

from opsadmin.api import OperationError, list_objects, list_schemas
from opsadmin.postgres.session import Session

ODD = 'Odd.Schema "x"'


def names(**asked):
    return [(one.name, one.kind) for one in list_objects(**asked)]


def test_the_users_schemas_come_first_and_say_what_is_in_them(catalogue):
    schemas = list_schemas()
    assert [one.name for one in schemas[:4]] == [ODD, "elsewhere", "public", "sales"]
    assert {one.kind for one in schemas[:4]} == {"user"}
    assert {one.name: one.kind for one in schemas}["information_schema"] == "system"
    sales = schemas[3]
    assert (sales.owner, sales.tables, sales.views, sales.sequences) == ("store", 12, 3, 4)
    assert sales.size_bytes >= 100_000
    assert schemas[2].comment == "The house"
    assert schemas.blocks()[0].columns[:3] == ("Name", "Owner", "Kind")


def test_tables_with_estimates_and_partitions_summed_up(catalogue):
    found = {one.name: one for one in list_objects(schema="sales")}
    assert "remote" not in found
    customer = found["customer"]
    assert (customer.kind, customer.rows, customer.comment) == ("table", 200, "Who buys")
    assert 0 < customer.size_bytes < customer.total_bytes
    reading = found["reading"]
    assert (reading.kind, reading.rows, reading.partitions) == ("partitioned_table", 400, 3)
    assert reading.total_bytes == sum(found[f"reading_{one}"].total_bytes for one in ("2025", "2026", "rest"))
    assert found["reading_2026_s1"].partition_of == "sales.reading_2026"
    assert found["scratch"].persistence == "unlogged"
    assert found["by_expression"].rows is None


@pytest.mark.parametrize(
    "object_type, some",
    [
        ("view", ("big_orders", "view")),
        ("materialized_view", ("per_customer", "materialized_view")),
        ("index", ("customer_email", "index")),
        ("index", ("reading_at", "partitioned_index")),
        ("sequence", ("ticket", "sequence")),
        ("foreign_table", ("remote", "foreign_table")),
        ("function", ("alone", "function")),
        ("function", ("tidy", "procedure")),
        ("function", ("largest", "aggregate")),
        ("type", ("mood", "enum")),
        ("type", ("amount", "domain")),
        ("type", ("address", "composite_type")),
        ("type", ("span", "range_type")),
        ("extension", ("plpgsql", "extension")),
    ],
)
def test_every_kind_is_listed(catalogue, object_type, some):
    assert some in names(schema="sales", object_type=object_type)


def test_a_list_holds_nothing_of_another_kind(catalogue):
    assert names(schema="sales", object_type="type") == [
        ("address", "composite_type"),
        ("amount", "domain"),
        ("mood", "enum"),
        ("span", "range_type"),
        ("span_multirange", "multirange_type"),
    ]
    assert names(schema="elsewhere", object_type="view") == []


def test_what_a_kind_does_not_have_is_left_out_of_the_data(catalogue):
    index = next(one for one in list_objects(schema="sales", object_type="index") if one.name == "customer_email")
    assert index.as_dict()["table"] == "sales.customer"
    assert index.as_dict()["unique"] is True
    assert "language" not in index.as_dict()
    assert {"rows", "comment", "total"} <= list_objects(schema="sales", object_type="type")[0].as_dict().keys()
    owned = {one.name: one.table for one in list_objects(schema="sales", object_type="sequence")}
    assert owned["orders_id_seq"] == "sales.orders.id"
    assert owned["ticket"] is None


def test_overloads_are_told_apart_and_members_of_extensions_marked(catalogue):
    overloads = [one.arguments for one in list_objects(schema="sales", object_type="function") if one.name == "f"]
    assert overloads == ["a integer, b text", "a numeric", "VARIADIC a sales.mood[]"]
    found = list_objects(schema="pg_catalog", object_type="function", search="plpgsql_call_handler")
    assert found[0].extension == "plpgsql"


@pytest.mark.parametrize("typed", [ODD, '"Odd.Schema ""x"""'])
def test_odd_names_are_listed_as_they_are_stored(catalogue, typed):
    found = [one.name for one in list_objects(schema=typed)]
    assert {'My "Table".é', "%(schema)s", "UPPER", "upper", " lead"} <= set(found)
    index = list_objects(schema=typed, object_type="index", search="%")[0]
    assert (index.name, index.table) == ('ix % "q" 1', '"Odd.Schema ""x"""."My ""Table"".é"')


@pytest.mark.parametrize("sort_by", ["name", "size", "rows"])
def test_pages_follow_each_other_and_state_the_total(catalogue, sort_by):
    everything = list_objects(schema="sales", sort_by=sort_by)
    pages = [list_objects(schema="sales", sort_by=sort_by, limit=4, offset=offset) for offset in (0, 4, 8)]
    assert [one.name for page in pages for one in page] == [one.name for one in everything]
    assert {page.total for page in pages} == {11} == {one.as_dict()["total"] for one in pages[2]}
    assert pages[1].blocks()[0].more.startswith("5 to 8 of 11;")
    beyond = list_objects(schema="sales", sort_by=sort_by, offset=100)
    assert (list(beyond), beyond.total) == ([], None)
    assert beyond.blocks()[0].empty == "There is nothing from 101 on."


def test_the_largest_come_first(catalogue):
    by_size = [one.total_bytes for one in list_objects(schema="sales", sort_by="size")]
    assert by_size[:2] == sorted((size for size in by_size if size is not None), reverse=True)[:2]
    assert by_size[-1] is None
    assert list_objects(schema="sales", sort_by="rows")[0].name == "reading"


@pytest.mark.parametrize("object_type", ["table", "index", "function", "type", "extension"])
def test_a_list_is_few_statements(catalogue, monkeypatch, object_type):
    sent = []
    rows = Session.rows
    monkeypatch.setattr(Session, "rows", lambda self, *asked: sent.append(asked[0]) or rows(self, *asked))
    list_objects(schema="sales", object_type=object_type)
    assert len(sent) <= 3, "the settings of the look, the schema, the list"


def test_search_takes_its_text_as_it_is(catalogue):
    assert [one.name for one in list_objects(schema="sales", search="READING_20")] == [
        "reading_2025",
        "reading_2026",
        "reading_2026_s1",
    ]
    assert [one.name for one in list_objects(schema=ODD, search="%")] == ["%(schema)s"]


def test_an_unknown_schema_names_those_like_it(catalogue):
    with pytest.raises(OperationError) as caught:
        list_objects(schema="salse")
    assert (caught.value.parameter, caught.value.allowed) == ("schema", ("sales",))
    with pytest.raises(OperationError) as caught:
        list_objects(schema="zzz")
    assert "public" in caught.value.allowed
    assert list_objects(schema_name="SALES").total == 11


def test_an_order_that_a_kind_does_not_have_is_refused(catalogue):
    with pytest.raises(OperationError, match="function has no size"):
        list_objects(schema="sales", object_type="function", sort_by="size")


def test_a_role_without_grants_sees_what_the_catalogue_shows(catalogue_as_bare):
    sales = next(one for one in list_schemas() if one.name == "sales")
    assert (sales.may_use, sales.tables) == (False, 12)
    assert list_objects(schema="sales").total == 11
