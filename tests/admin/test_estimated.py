"""Paging of large tables without counting them."""

import pytest
from django.db import connections

from stores.admin import estimated
from stores.admin.estimated import EstimatedPaginator
from stores.models import HistoryEntry

pytestmark = pytest.mark.django_db(databases=["default", "store"])


@pytest.fixture
def entries(monkeypatch):
    monkeypatch.setattr(estimated, "WORTH_ESTIMATING", 50)
    with connections["store"].cursor() as cursor:
        cursor.execute("INSERT INTO history_entries (kind) SELECT 'k' || n % 2 FROM generate_series(1, 200) AS n")
        cursor.execute("ANALYZE history_entries")


def test_a_small_table_is_counted():
    HistoryEntry.objects.create(kind="one")
    assert EstimatedPaginator(HistoryEntry.objects.order_by("-id"), 10).count == 1


def test_a_large_one_is_estimated(entries, django_assert_num_queries):
    with django_assert_num_queries(2, using="store"):
        assert EstimatedPaginator(HistoryEntry.objects.order_by("-id"), 10).count == 200


def test_a_filtered_one_stops_at_the_limit(entries, django_assert_num_queries):
    with django_assert_num_queries(1, using="store"):
        assert EstimatedPaginator(HistoryEntry.objects.filter(kind="k1").order_by("-id"), 10).count == 50
