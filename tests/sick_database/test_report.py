"""What the report finds on the sick database, and what it leaves alone, as three roles."""

import pytest

from opsadmin.core.finding import Status
from tests.sick_database.conftest import plants
from tests.sick_database.plant import LookAlike, Problem

PROBLEMS = [(area, plant) for area, plant in plants() if isinstance(plant, Problem)]
LOOK_ALIKES = [(area, plant) for area, plant in plants() if isinstance(plant, LookAlike)]


def named(plants):
    return [f"{area}: {plant.name}" for area, plant in plants]


@pytest.mark.parametrize("role", ["superuser", "monitor", "bare"])
@pytest.mark.parametrize("area, plant", PROBLEMS, ids=named(PROBLEMS))
def test_a_problem_is_found(area, plant, role, report_of, bed):
    if not plant.since <= bed.superuser.info.server_version // 10_000 < plant.before:
        pytest.skip(f"from PostgreSQL {plant.since} on, before {plant.before}")
    report = report_of(role)
    result = next(one for one in report.checks if one.check == plant.check)
    found = [
        one for one in result.findings if (plant.object in one.object if plant.contains else one.object == plant.object)
    ]
    if role not in plant.by and not found:
        assert result.unavailable is not None, f"a false OK: {result.examined}"
        return
    assert found, f"{plant.check} found only {[one.object for one in result.findings]} ({result.unavailable})"
    assert any(plant.message in one.message for one in found), [one.message for one in found]
    assert role == "bare" or any(plant.hint in one.hint for one in found), [one.hint for one in found]
    assert plant.severity in (None, found[0].severity.value)
    assert all(one.why and one.threshold and one.message.endswith(".") for one in found)


@pytest.mark.parametrize("role", ["superuser", "monitor", "bare"])
@pytest.mark.parametrize("area, plant", LOOK_ALIKES, ids=named(LOOK_ALIKES))
def test_a_look_alike_stays_silent(area, plant, role, report_of, bed):
    if bed.superuser.info.server_version // 10_000 < plant.since:
        pytest.skip(f"from PostgreSQL {plant.since} on")
    alarms = [
        f"{one.check}: {one.message}"
        for one in report_of(role).findings
        for name in plant.objects
        if (one.check in plant.checks if plant.checks else True)
        and (name == one.object or (name.startswith("(") and name in one.object))
    ]
    assert alarms == []


@pytest.mark.parametrize("role", ["superuser", "monitor", "bare"])
def test_no_check_fails_and_an_ok_says_what_it_saw(role, report_of):
    for one in report_of(role).checks:
        if one.unavailable is not None:
            assert "refused the question" not in one.unavailable.reason, one
            assert one.unavailable.reason.endswith(".")
        elif one.status is Status.OK:
            assert one.examined, one.check


def test_the_plants_are_many():
    names = named(PROBLEMS) + named(LOOK_ALIKES)
    assert len(names) == len(set(names))
