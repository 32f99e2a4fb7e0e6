"""How the plans of a test run's statements are counted."""

from __future__ import annotations

import pytest
from psycopg.conninfo import conninfo_to_dict

from tests.fixtures import kept_plans
from tests.fixtures.kept_plans import Statement, outcome_of


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("SELECT * FROM orders WHERE id = $1", kept_plans.PLANNED),
        ("VACUUM orders", kept_plans.NO_PLAN),
        ("SELECT * FROM nowhere WHERE id = $1", kept_plans.GONE),
        ("SELECT nowhere.gone_since($1)", kept_plans.GONE),
        ("SELECT gone_since($1)", kept_plans.GONE),
        ("SELECT quantity * $1", kept_plans.VARIABLES),
        ("SELECT harmful($1)", kept_plans.REFUSED),
        ("SELECT nme FROM orders WHERE id = $1", kept_plans.FAILED),
        ("SELECT upper($1::integer)", kept_plans.GONE),
        ("SELECT id + at FROM orders WHERE id = $1", kept_plans.FAILED),
        (f"SELECT {'1 + ' * 9000} 1", kept_plans.BOUND),
    ],
)
def test_outcomes(shop_dsn, text, outcome):
    found, said = outcome_of(dict(conninfo_to_dict(shop_dsn)), Statement("", "", text, toplevel=True, plans=0))
    assert (found, bool(said)) == (outcome, outcome != kept_plans.PLANNED), said


def test_what_was_planned_must_have_a_plan(shop_dsn):
    planned = Statement("", "", "VACUUM orders", toplevel=True, plans=1)
    assert outcome_of(dict(conninfo_to_dict(shop_dsn)), planned)[0] == kept_plans.FAILED


def test_a_name_inside_a_function_is_its_variable(shop_dsn):
    inside = Statement("", "", "SELECT id FROM orders WHERE id = wanted", toplevel=False, plans=1)
    assert outcome_of(dict(conninfo_to_dict(shop_dsn)), inside)[0] == kept_plans.VARIABLES
