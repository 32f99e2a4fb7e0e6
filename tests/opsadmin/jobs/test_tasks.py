"""Our own tasks: the look at the health, the review of followed indexes, the store's retention."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from opsadmin.core.errors import OperationFailed
from opsadmin.follow.task import review_followed
from opsadmin.health import task as health
from opsadmin.jobs.schedule import tasks
from opsadmin.models import FollowedIndex, HealthSnapshot, OperationRun
from stores.scheduled import prune
from tests.fixtures.outage import outage  # noqa: F401

pytestmark = pytest.mark.django_db(databases=["default", "store"], transaction=True)


def test_what_is_registered():
    found = {one.name: one for one in tasks()}
    assert {"look_at_health", "review_indexes", "clean_up", "prune_history"} <= set(found)
    assert not found["prune_history"].enabled, "what deletes for good is not begun by itself"
    for one in found.values():
        assert str(one.title)
        assert str(one.summary).endswith(".")


def test_the_health_is_kept_and_a_server_that_sleeps_is_left_asleep(outage, monkeypatch):  # noqa: F811
    assert health.look_at_all().startswith("store: ")
    snapshot = HealthSnapshot.objects.get()
    with monkeypatch.context() as two:
        # One of several that is away is named, and fails nothing.
        two.setattr(health, "postgres_aliases", lambda: ("nowhere", "store"))
        assert re.match("nowhere: .+ store: ", health.look_at_all())
    HealthSnapshot.objects.exclude(pk=snapshot.pk).delete()
    monkeypatch.setattr(health, "next_look", lambda database, before: timezone.now())
    assert health.look_at_all() == "store is left asleep."
    HealthSnapshot.objects.update(taken_at=snapshot.taken_at - timedelta(days=2))
    assert health.look_at_all().startswith("store: ")
    assert HealthSnapshot.objects.count() == 2


def test_a_server_that_is_down_is_a_failure_in_words(outage):  # noqa: F811
    outage.down()
    with pytest.raises(OperationFailed, match=r"^store does not answer\.$"):
        health.look_at_all()
    FollowedIndex.objects.create(database="store", schema="public", name="i")
    with pytest.raises(OperationFailed, match=r"^store: "):
        review_followed()
    FollowedIndex.objects.update(database="of another site")
    assert review_followed() == "No index is followed."
    with pytest.raises(OperationFailed):
        prune()
    run = OperationRun.objects.get()
    assert (run.operation, run.door, run.outcome) == ("prune_history", "schedule", "failed")


def test_what_is_there_is_reviewed_and_pruned(outage):  # noqa: F811
    FollowedIndex.objects.create(database="store", schema="public", name="i")
    assert review_followed() == "1 index was reviewed."
    assert prune().startswith("0 readings from before ")
