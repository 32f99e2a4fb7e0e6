"""What a check says of the things that its role may not see."""

import pytest

from opsadmin.core.finding import NotLookedAt, Status
from opsadmin.health.card import parse_card
from opsadmin.health.catalog import PostgresCheck
from opsadmin.health.limits import Limits
from opsadmin.health.run import examine

pytestmark = pytest.mark.django_db(databases=["default", "store"], transaction=True)

CARD = """-- title: Large things
-- says: {object} is large.
-- why: It is slow.
-- source: nobody
"""


def looked(sql):
    found = examine("store", [PostgresCheck("table.large", ((0, parse_card("table.large", CARD + sql)),))], Limits())
    return found, found.results["table.large"]


def test_a_part_that_could_not_be_seen_is_no_finding():
    found, result = looked(
        "SELECT 'public.x' AS object, NULL AS not_looked_at UNION ALL SELECT 'public.y', 'The role may not read it.'"
    )
    assert [one.object for one in result.findings] == ["public.x"]
    assert found.totals["table.large"] == 1
    assert found.not_looked_at == [NotLookedAt("public.y", "The role may not read it.")]


def test_a_check_that_saw_nothing_is_unavailable_instead_of_fine():
    _, result = looked(
        "SELECT 'all tables' AS object, 'No right.' AS not_looked_at, true AS nothing_seen, 'GRANT x TO y;' AS fix_sql"
    )
    assert result.status is Status.UNKNOWN
    assert (result.unavailable.reason, result.unavailable.fix) == ("No right.", "GRANT x TO y;")
