"""Automation states: a value is any JSON that jsonb can hold, and what it cannot hold is said at the field."""

import pytest

from stores.models import AutomationState

pytestmark = [
    pytest.mark.django_db(databases=["default", "store"], transaction=True),
    pytest.mark.usefixtures("store_db"),
]
LIST = "/admin/stores/automationstate/"


def add(client, value):
    return client.post(f"{LIST}add/", {"device_id": "meter", "key": "k", "value": value})


@pytest.mark.parametrize("text, value", [("{}", {}), ("[]", []), ("0", 0), ('{"a": [1, 0.1]}', {"a": [1, 0.1]})])
def test_a_value_is_stored(admin_client, text, value):
    assert add(admin_client, text).status_code == 302
    assert AutomationState.objects.get().value == value


@pytest.mark.parametrize(
    "text, said",
    [
        ("", "Write a JSON value"),
        ("[1,\n NaN]", "line 2, column 2: [1]: NaN"),
        ("null", "null alone cannot be stored"),
        ('{"a":\n NaN}', "line 2, column 2: a: NaN is not a number"),
        ('"\\u0000"', "NUL character"),
        ("1e400", "line 1, column 1: The number is larger than any reader"),
        ("9" * 5000, "more than 4,300 digits"),
        ("[" * 5000 + "]" * 5000, "nested more than 200 deep"),
        ('{"a": 1, "a": 2}', "first in line 1, column 2"),
        ('1, "b": 2', "Write one JSON value"),
        ("{bad", "line 1, column 2"),
        ('{"a":\n2', "opened in line 1"),
    ],
)
def test_what_jsonb_cannot_hold_is_refused_at_the_field(admin_client, text, said):
    answer = add(admin_client, text)
    assert answer.status_code == 200
    form = answer.context["adminform"].form
    assert said in " ".join(form.errors["value"])
    assert form["value"].value() == text
    assert not AutomationState.objects.exists()


def test_a_row_to_add_shows_no_time(admin_client):
    page = admin_client.get(f"{LIST}add/").content.decode()
    assert "DatabaseDefault" not in page
    assert "{}</textarea>" in page
    add(admin_client, "1")
    assert "Updated at" in admin_client.get(f"{LIST}{AutomationState.objects.get().pk}/change/").content.decode()
