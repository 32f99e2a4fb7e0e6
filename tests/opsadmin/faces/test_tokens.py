"""Tokens: who gets one, who is let in by one, and that nothing is kept of it but a digest."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import RequestFactory
from django.utils import timezone

from opsadmin.core.errors import NotPermitted, OperationError
from opsadmin.core.operation import Caller, Effect
from opsadmin.faces.tokens import NotAuthenticated, caller_for, issue
from opsadmin.models import ApiToken
from tests.opsadmin.faces.people import person

pytestmark = pytest.mark.django_db(databases=["default"])
USE = "opsadmin.use_api"


def caller_with(secret: str, scheme: str = "Bearer", **more: Any) -> Caller:
    return caller_for(RequestFactory().get("/", headers={"Authorization": f"{scheme} {secret}"}, **more))


def test_a_token_acts_for_its_user_within_its_reach():
    token, secret = issue(person("anna", USE, "opsadmin.view_database"), "backup", "writes")
    caller = caller_with(secret, REMOTE_ADDR="203.0.113.7")
    assert (caller.name, caller.door, caller.address) == ("anna (backup)", "http", "203.0.113.7")
    assert caller.reach is Effect.WRITES
    assert caller.may("opsadmin.view_database")
    assert not caller.may("opsadmin.delete_apitoken")


def test_the_secret_is_long_and_kept_nowhere():
    token, secret = issue(person("anna", USE), "backup")
    assert secret.startswith("ops_")
    assert len(secret) == 47
    token.refresh_from_db()
    assert token.digest == hashlib.sha256(secret.encode()).hexdigest()
    assert secret.startswith(token.hint)
    assert len(secret) - len(token.hint) == 37
    assert secret not in " ".join(map(str, vars(token).values()))
    assert issue(token.user, "backup")[1] != secret


@pytest.mark.parametrize("scheme", ["bearer", "BEARER", "Bearer "])
def test_the_scheme_is_read_as_http_says(scheme):
    _token, secret = issue(person("anna", USE), "backup")
    assert caller_with(secret, scheme).name == "anna (backup)"


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer   ", "Basic YTpi", "ops_abc", "Token ops_abc"])
def test_without_a_token(header):
    with pytest.raises(NotAuthenticated, match="needs a token"):
        caller_for(RequestFactory().get("/", headers={"Authorization": header}))


@pytest.mark.parametrize("secret", ["ops_wrong", "é" * 20, "x" * 10_000, "a b c", "\x00", "'; --", "\udcff"])
def test_an_unknown_token_is_refused_and_not_repeated(secret, caplog):
    with pytest.raises(NotAuthenticated, match="not known") as refused:
        caller_with(secret)
    assert secret not in refused.value.message + refused.value.hint
    assert secret == "\x00" or secret not in caplog.text
    assert "a token was refused, from 127.0.0.1" in caplog.text


def test_expired():
    token, secret = issue(person("anna", USE), "backup", expires_at=timezone.now() + timedelta(hours=1))
    assert caller_with(secret).name == "anna (backup)"
    ApiToken.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    with pytest.raises(NotAuthenticated, match="expired at 20"):
        caller_with(secret)


def test_revoked():
    token, secret = issue(person("anna", USE), "backup")
    token.delete()
    with pytest.raises(NotAuthenticated, match="not known"):
        caller_with(secret)


def test_the_user_left():
    token, secret = issue(person("anna", USE), "backup")
    token.user.is_active = False
    token.user.save()
    with pytest.raises(NotAuthenticated, match="no longer active"):
        caller_with(secret)


def test_the_user_lost_the_permission():
    token, secret = issue(person("anna", USE), "backup")
    token.user.user_permissions.clear()
    with pytest.raises(NotPermitted, match=r"anna may not use tokens: the permission opsadmin\.use_api"):
        caller_with(secret)


def test_who_gets_none():
    with pytest.raises(NotPermitted, match="permission"):
        issue(person("bob"), "backup")
    with pytest.raises(NotPermitted, match="not active"):
        issue(person("carla", USE, is_active=False), "backup")
    assert not ApiToken.objects.exists()


@pytest.mark.parametrize(
    "given, says",
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 101}, "1 to 100"),
        ({"name": "two\nlines"}, "printable"),
        ({"name": "a", "reach": "all"}, "one of reads, writes, destroys"),
        ({"name": "a", "expires_at": timezone.now() - timedelta(days=1)}, "expired already"),
    ],
)
def test_a_token_asked_for_wrongly(given, says):
    with pytest.raises(OperationError, match=says):
        issue(person("anna", USE), **given)


def test_its_use_is_noted_once_a_minute():
    token, secret = issue(person("anna", USE), "backup")

    def used_at() -> Any:
        caller_with(secret)
        return ApiToken.objects.get().last_used_at

    first = used_at()
    assert first is not None
    assert used_at() == first
    ApiToken.objects.update(last_used_at=first - timedelta(seconds=61))
    assert used_at() > first


@pytest.mark.django_db(databases=["default"], transaction=True)
def test_a_use_that_cannot_be_noted_fails_no_call(caplog):
    token, secret = issue(person("anna", USE), "backup")
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TRIGGER full BEFORE UPDATE ON opsadmin_apitoken BEGIN SELECT RAISE(FAIL, 'disk is full'); END"
        )
    try:
        assert caller_with(secret).name == "anna (backup)"
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP TRIGGER full")
    assert "use of a token could not be noted" in caplog.text
    assert ApiToken.objects.get().last_used_at is None


class TestOfTheSettings:
    """A token named by its digest in the settings; these tests may not touch the site database."""

    SECRET = "a secret of at least 32 characters"

    @pytest.fixture(autouse=True)
    def _named(self, settings, django_db_blocker):
        digest = hashlib.sha256(self.SECRET.encode()).hexdigest()
        settings.OPSADMIN = {
            "API_TOKEN_SHA256": [
                {"name": "other", "sha256": "0" * 64},
                {"name": "cron", "sha256": digest.upper(), "reach": "writes"},
            ]
        }
        with django_db_blocker.block():
            yield

    def test_it_needs_no_user_and_no_database(self):
        caller = caller_with(self.SECRET)
        assert (caller.name, caller.reach) == ("cron", Effect.WRITES)
        assert caller.may("anything.at_all")

    def test_its_digest_is_no_key(self):
        with pytest.raises(RuntimeError, match="Database access not allowed"):  # so it was looked for in the table
            caller_with(hashlib.sha256(self.SECRET.encode()).hexdigest())


def test_an_address_that_a_client_made_up_is_not_believed(settings):
    _token, secret = issue(person("anna", USE), "backup")
    forwarded = {"HTTP_X_FORWARDED_FOR": "198.51.100.1, 10.0.0.1", "REMOTE_ADDR": "203.0.113.7"}
    settings.SECURE_PROXY_SSL_HEADER = None
    assert caller_with(secret, **forwarded).address == "203.0.113.7"
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    assert caller_with(secret, **forwarded).address == "198.51.100.1, 10.0.0.1"
    forwarded["HTTP_X_FORWARDED_FOR"] = "9" * 500
    assert len(caller_with(secret, **forwarded).address) == 64
