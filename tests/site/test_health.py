"""/healthz, /readyz and the headers of every answer."""

import pytest
from django.db import connections

from switchbot_site import health


@pytest.fixture(autouse=True)
def _forget_answers(monkeypatch):
    monkeypatch.setattr(health, "_remembered", None)


def test_healthz_asks_no_database(client):
    # pytest-django refuses any database access in a test without the mark: a query here would fail the test.
    answer = client.get("/healthz", headers={"host": "whatever.internal"})
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_healthz_is_not_redirected_to_https(client, settings):
    settings.SECURE_SSL_REDIRECT = True
    assert client.get("/healthz").status_code == 200
    assert client.get("/admin/login/").status_code == 301


@pytest.mark.django_db(databases=["default", "store"])
def test_readyz_asks_both(client):
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {"status": "ok", "site": "ok", "store": "ok", "mode": "postgres"}


@pytest.mark.django_db(databases=["default", "store"])
def test_readyz_names_the_one_that_is_down(client, monkeypatch):
    monkeypatch.setitem(connections["store"].settings_dict, "HOST", "/nowhere")
    connections["store"].close()
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json() == {"status": "unavailable", "site": "ok", "store": "no answer", "mode": "postgres"}


@pytest.mark.django_db(databases=["default", "store"])
def test_readyz_remembers_its_answer(client, django_assert_num_queries):
    client.get("/readyz")
    with django_assert_num_queries(0, using="store"):
        client.get("/readyz")


@pytest.mark.django_db(databases=["default", "store"])
def test_readyz_wants_its_token(client, settings):
    settings.READYZ_TOKEN = "t0ken"
    assert client.get("/readyz").status_code == 401
    assert client.get("/readyz", headers={"authorization": "Bearer wrong"}).status_code == 401
    assert client.get("/readyz", headers={"authorization": "Bearer t0ken"}).status_code == 200


@pytest.mark.django_db
def test_every_page_has_the_policy(client):
    policy = client.get("/admin/login/").headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
