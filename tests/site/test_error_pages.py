"""Errors are pages of the site, with a way back."""

import pytest
from django.template.loader import render_to_string

pytestmark = pytest.mark.django_db(databases=["default", "store"])


def test_nothing_at_the_address(admin_client):
    page = admin_client.get("/admin/nowhere/")
    assert page.status_code == 404
    assert "There is nothing at this address" in page.text
    assert "SwitchBot Store Ops" in page.text


def test_no_permission(client, django_user_model):
    client.force_login(django_user_model.objects.create_user("clerk", is_staff=True))
    page = client.get("/admin/ops/store-health/")
    assert page.status_code == 403
    assert "no permission for this page" in page.text


def test_more_than_the_site_takes(admin_client):
    page = admin_client.post("/admin/stores/automationstate/add/", {"value": "x" * 3_000_000})
    assert page.status_code == 400
    assert "Nothing was saved" in page.text


def test_the_page_of_last_resort_needs_nothing():
    assert "To the start page" in render_to_string("500.html")


def test_a_host_name_that_is_not_ours(client):
    page = client.get("/admin/login/", headers={"host": "elsewhere.example"})
    assert page.status_code == 400
    assert "Request refused" in page.text
