"""The models, the migrations and the expected schema say the same."""

import pytest
from django.core.management import call_command

from stores.models import JsonDocument, Revision

pytestmark = pytest.mark.django_db(databases=["default", "store"])


def test_no_migration_is_missing():
    call_command("makemigrations", "--check", "--dry-run")


def test_each_write_is_a_revision():
    document = JsonDocument.objects.get(kind="settings")
    document.data = {"mode": "summer"}
    document.save()
    document.data = {"mode": "winter"}
    document.save()
    document.refresh_from_db()
    kept = Revision.objects.filter(kind="settings").order_by("-revision")
    assert [revision.data for revision in kept[:2]] == [{"mode": "winter"}, {"mode": "summer"}]
    assert kept[0].revision == document.revision
