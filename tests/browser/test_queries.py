"""The page "Queries" in a real browser: clean, accessible, small, and as wide as the window."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from django.db import connections

from tests.fixtures.browser import NARROW, WIDE
from tests.opsadmin.pages.counted import counted_database, forget, point_at

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(databases=["default", "store"], transaction=True),
]
PAGE = "/admin/ops/queries/"

JOINED = (
    "SELECT o.id, o.note, count(*) OVER (PARTITION BY o.note) FROM orders AS o LEFT JOIN orders AS p ON p.id = o.id "
    "WHERE o.id BETWEEN 1 AND 900 AND p.note <> 'y' ORDER BY o.note, o.id DESC LIMIT 50"
)
STATEMENTS = (
    JOINED,
    "UPDATE orders SET note = 'y' WHERE id = 12",
    "SELECT count(*) FROM orders",
    "SELECT pg_sleep(0.02)",
)


@pytest.fixture
def sent(superuser_dsn, monkeypatch) -> Iterator[psycopg.Connection]:
    with counted_database(superuser_dsn) as dsn:
        point_at(monkeypatch, dsn)
        with psycopg.connect(dsn, autocommit=True, prepare_threshold=None) as connection:
            forget(connection)
            yield connection
        connections["store"].close()


@pytest.fixture
def lead(store_db, visitor, django_user_model):
    django_user_model.objects.create_superuser("lead", password="a long password")
    visitor.log_in("lead", "a long password")
    return visitor


def look_at(lead, name, path):
    """Nothing for axe, no sideways scrolling: light, dark, and narrow."""
    for scheme, size in (("light", WIDE), ("dark", WIDE), ("light", NARROW)):
        lead.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        lead.page.set_viewport_size(size)
        lead.visit(path)
        lead.check_accessibility()
        assert lead.fits(), (name, size)
        lead.picture(f"{name}-{scheme}-{size['width']}")


def test_the_list_and_one_statement(lead, sent):
    for statement in STATEMENTS:
        for _ in range(5):
            sent.execute(statement)
    for number in range(25):
        columns = ", ".join(f"o.note AS a_long_name_of_column_{number}_{place}" for place in range(80))
        sent.execute(f"SELECT {columns} FROM orders AS o WHERE o.id = 1")
    look_at(lead, "queries", PAGE)
    look_at(lead, "queries-io", f"{PAGE}?sort=io")
    look_at(lead, "queries-none", f"{PAGE}?text=nothing+like+that&min_calls=x")
    lead.visit(f"{PAGE}?text=OVER")
    link = lead.page.locator(".queries tbody a").get_attribute("href")
    look_at(lead, "statement", f"{PAGE}{link}")
