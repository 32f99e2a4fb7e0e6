"""The page "Queries" for a range, from what was sampled: PostgreSQL is never asked."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from opsadmin.models import Mark
from opsadmin.pages.queries_read import Reading
from opsadmin.workload.sums import Sums
from opsadmin.workload.windows import WINDOWS
from tests.opsadmin.faces.people import person
from tests.opsadmin.pages.counted import content, link_to
from tests.opsadmin.pages.sampled import every, write_samples

pytestmark = pytest.mark.django_db
PAGE = "/admin/ops/queries/"

TEXTS = {
    "11": "SELECT o.id FROM public.orders AS o WHERE o.customer_id = $1",
    "12": "UPDATE stock SET n = n - $1 WHERE sku = 'orders'",
    "-13": 'SELECT "new one" FROM shop."a.b <i>"',
}


@pytest.fixture(autouse=True)
def _never_asked(monkeypatch):
    def refuse(*arguments, **named):
        raise AssertionError("PostgreSQL was asked.")

    monkeypatch.setattr("opsadmin.pages.queries_read.ask", refuse)


@pytest.fixture
def now():
    return timezone.now()


def look(client, status=200, **query: object) -> str:
    answer = client.get(PAGE, query)
    assert answer.status_code == status
    return content(answer.text)


def orders_of(page: str) -> list[str]:
    return re.findall(r'<a href="\?[^"]*queryid=(-?\d+)"><code>', page)


def write(now, hours=4, **more):
    """Three statements: one grows threefold in the last hour, one falls, one is new in it."""
    recent = now - timedelta(minutes=57)

    def at_look(at):
        found = {
            ("11", "app"): Sums(calls=10, ms=300 if at > recent else 100, rows=10, max_ms=60, read=5, wal_bytes=1),
            ("12", "worker"): Sums(calls=5 if at > recent else 10, ms=50, rows=900, max_ms=9, wal_bytes=4e6),
        }
        if at > recent:
            found["-13", "app"] = Sums(calls=100, ms=20, rows=1, max_ms=1, read=800)
        return found

    write_samples(every(timedelta(hours=hours), now), at_look, TEXTS, **more)


def test_a_range_with_its_changes(reader, now):
    write(now)
    page = look(reader, range="1h")
    assert orders_of(page) == ["11", "12", "-13"]
    assert '<span aria-hidden="true">▲</span> +1' in page or '<span aria-hidden="true">▲</span> +2' in page
    assert '<span class="queries-change is-new">new</span>' in page
    assert page.count('role="img" aria-label="Time it took over 1 hour') == 3
    assert re.search(r"1[0-3] of 1[0-3] looks gave a sample\.", page)
    assert "nothing to compare" not in page
    assert link_to(page, "stock")["range"] == "1h"
    page = look(reader, range="1h", sort="calls")
    assert '<span aria-hidden="true">▼</span> −' in page
    assert "Calls, change" in page
    assert 'href="?range=6h&amp;sort=calls"' in page
    assert 'href="?sort=calls">Since the reset' in page


@pytest.mark.parametrize(
    "order, first",
    [("total_time", "11"), ("mean_time", "11"), ("max_time", "11"), ("calls", "-13"), ("rows", "12"), ("io", "-13")]
    + [("wal", "12"), ("change", "11")],
)
def test_every_order_of_a_range(reader, now, order, first):
    write(now)
    page = look(reader, range="1h", sort=order)
    assert orders_of(page)[0] == first
    assert page.count("aria-sort") == 1


def test_filters_of_a_range(reader, now):
    write(now)
    for table, found in (
        ("orders", ["11"]),
        ("public.orders", ["11"]),
        ("shop.orders", []),
        ('"a.b <i>"', ["-13"]),
        ("STOCK", ["12"]),
        ('"', []),
    ):
        assert orders_of(look(reader, range="6h", table=table)) == found, table
    assert orders_of(look(reader, range="6h", role="worker")) == ["12"]
    assert orders_of(look(reader, range="6h", text="UPDATE stock")) == ["12"]
    assert orders_of(look(reader, range="1h", min_calls=1000)) == ["-13"]
    page = look(reader, range="6h", table="nothing", text="x")
    assert "No statement fits." in page
    assert 'name="range" value="6h"' in page
    assert 'href="?range=6h">Show all' in page


def test_nothing_to_compare_with(reader, now):
    write(now)
    page = look(reader, range="6h")
    assert "There is nothing to compare with: the time before was not sampled." in page
    assert "The first one was taken at" in page
    assert "queries-change" not in page


def test_what_was_not_sampled_is_said(reader, now):
    down = now - timedelta(hours=3), now - timedelta(hours=2)
    gone = now - timedelta(hours=9), now - timedelta(hours=6)
    looks = [at for at in every(timedelta(hours=50), now) if not gone[0] < at < gone[1]]
    write_samples(
        looks,
        lambda at: {("11", "app"): Sums(calls=1, ms=1)},
        TEXTS,
        answers=lambda at: not down[0] < at < down[1],
    )
    Mark.objects.create(database="store", kind="outage", at=down[0], until=down[1], text="down")
    page = look(reader, range="24h")
    answered, possible = map(int, re.search(r"(\d+) of (\d+) looks gave", page).groups())
    assert 230 < answered < 245
    assert 286 <= possible <= 289
    assert re.search(r"None from [\w: ]+ to [\w: ]+: PostgreSQL did not answer\.", page)
    assert re.search(r"None from [\w: ]+ to [\w: ]+: nobody looked\.", page)


def test_nothing_was_sampled_yet(reader, client, now):
    page = look(reader, range="24h")
    assert "Nothing was sampled yet" in page
    assert "every 5 minutes" in page
    assert '/admin/ops/run/sample_database/?database=store">Take a sample now' in page
    client.force_login(person("viewer", "opsadmin.view_database"))
    assert "Take a sample now" not in look(client, range="24h")


def test_samples_without_statements(reader, now):
    write_samples(every(timedelta(hours=2), now), lambda at: {}, {})
    assert "In this range no statement was counted by itself." in look(reader, range="1h")


def test_a_text_that_is_kept_no_longer(reader, now):
    write_samples(every(timedelta(hours=1), now), lambda at: {("77", "app"): Sums(calls=1, ms=1)}, {})
    assert "The text is not kept; query id 77" in look(reader, range="1h")


def test_pages_of_a_range(reader, now):
    costs = {(str(number), "app"): Sums(calls=1, ms=number) for number in range(1, 36)}
    write_samples(every(timedelta(hours=1), now), lambda at: costs, {"7": "SELECT seven"})
    first, second = look(reader, range="24h"), look(reader, range="24h", page=2)
    assert len(orders_of(first)) == 25
    assert len(orders_of(second)) == 10
    assert "26–35 of 35" in second
    assert "There are not that many statements." in look(reader, range="24h", page=3)


def test_an_unknown_range_is_none(reader, monkeypatch):
    monkeypatch.setattr("opsadmin.pages.queries.read_list", lambda *given: Reading())
    for name in ("2h", "all", "<b>", "0"):
        assert 'href="?" aria-current="true">Since the reset' in look(reader, range=name)


def test_every_range_has_a_chip(reader):
    page = look(reader, range="7d")
    assert all(f'range={name}"' in page for name in WINDOWS)
