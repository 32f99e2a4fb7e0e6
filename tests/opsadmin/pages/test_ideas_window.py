"""The time whose statements count, in the form of the page "Index ideas"."""

from __future__ import annotations

import pytest

from opsadmin.pages.ideas_form import forms_of, posted, wish_of
from opsadmin.pages.ideas_kept import QUERIES, WORKLOAD
from opsadmin.workload.windows import CHOICES
from tests.opsadmin.faces.people import person

pytestmark = pytest.mark.django_db


@pytest.fixture
def asker():
    return person("asker", is_superuser=True)


def ask(rf, asker, **given):
    request = rf.post("/", {"kind": WORKLOAD, **given})
    request.user = asker
    form = posted(request)
    return form, wish_of(request, form, "store", None)


def test_a_window_is_asked_for(rf, asker):
    form, wish = ask(rf, asker, window="24h", min_calls="5")
    assert wish is not None
    assert (wish.given["window"], wish.given["min_calls"]) == ("24h", 5)
    assert wish.says == "the workload of the last 24 hours"
    assert [one.value for one in form.windows if one.is_chosen] == ["24h"]
    _form, wish = ask(rf, asker)
    assert wish is not None
    assert "window" not in wish.given
    assert wish.says == "the running workload"


def test_a_window_that_there_is_not(rf, asker):
    form, wish = ask(rf, asker, window="2h")
    assert wish is None
    assert "24h" in form.wrong_window


def test_only_the_running_workload_has_windows():
    forms = forms_of({})
    assert [one.value for one in forms[WORKLOAD].windows] == list(CHOICES)
    assert [one.is_chosen for one in forms[WORKLOAD].windows] == [True] + [False] * 5
    assert forms[QUERIES].windows == []
