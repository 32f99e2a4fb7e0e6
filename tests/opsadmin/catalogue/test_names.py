"""Names as people type them."""

from __future__ import annotations

import pytest

from opsadmin.catalogue.names import close_to, readings, same_arguments, split_arguments
from opsadmin.catalogue.parts import without_secrets


@pytest.mark.parametrize(
    "typed, expected",
    [
        ("orders", ["orders"]),
        ("Orders", ["Orders", "orders"]),
        ('"Orders"', ['"Orders"', "Orders"]),
        ('"a""b"', ['"a""b"', 'a"b']),
        ('"a"b"', ['"a"b"']),
        ("a.b", ["a.b"]),
        ("", []),
    ],
)
def test_readings_begin_with_the_name_itself(typed, expected):
    assert readings(typed) == expected


@pytest.mark.parametrize(
    "typed, expected",
    [
        ("f", ("f", None)),
        ("f()", ("f", "")),
        ("f (int, text)", ("f", "int, text")),
        ('"a(b"(numeric(10,2))', ('"a(b"', "numeric(10,2)")),
        ("f(int", ("f(int", None)),
        ("()", ("()", None)),
    ],
)
def test_a_functions_name_and_arguments(typed, expected):
    assert split_arguments(typed) == expected


@pytest.mark.parametrize(
    "typed, types, same",
    [
        ("", [], True),
        ("", ["integer"], False),
        ("int", ["integer"], True),
        ("INTEGER , varchar(20)", ["integer", "character varying"], True),
        ("int[]", ["integer[]"], True),
        ("int[]", ["integer"], False),
        ("timestamp(3) with time zone", ["timestamp with time zone"], True),
        ("mood", ["sales.mood"], True),
        ("Mood", ['sales."Mood"'], False),
        ('"Mood"', ['sales."Mood"'], True),
        ('sales."Mood"', ['sales."Mood"'], True),
        ('"a,b"', ['"Odd.One"."a,b"'], True),
        ("other.mood", ["sales.mood"], False),
        ("int, text", ["integer"], False),
    ],
)
def test_arguments_by_their_types(typed, types, same):
    assert same_arguments(typed, types, "shown otherwise") is same


def test_arguments_as_the_list_shows_them():
    assert same_arguments("a integer,  VARIADIC b text[]", ["integer", "text[]"], "a integer, variadic b text[]")


def test_names_like_it_come_closest_first():
    known = ["orders", "order_lines", "Customers", "old_orders_2024", "zebra"]
    assert close_to("oders", known)[0] == "orders"
    assert close_to("CUSTOMER", known) == ("Customers",)
    assert "old_orders_2024" in close_to("orders", known)
    assert close_to("qqqqq", known) == ()


def test_options_that_may_be_passwords_are_hidden():
    options = ["host=h", "password=a=b", "Secret_Key=x", "table_name=t", "updatable"]
    assert without_secrets(options) == (
        "host=h",
        "password=(hidden)",
        "Secret_Key=(hidden)",
        "table_name=t",
        "updatable",
    )
