"""Addresses of the two databases."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from switchbot_site import databases

NEON = "postgresql://me:s%23cret@ep-cool-1-pooler.eu-central-1.aws.neon.tech/db?channel_binding=require"


@pytest.mark.parametrize(
    "dsn, host, name",
    [
        (NEON, "ep-cool-1-pooler.eu-central-1.aws.neon.tech", "db"),
        ("host=/run/postgresql dbname=home user=me", "/run/postgresql", "home"),
        ("postgresql:///home?host=/run/postgresql", "/run/postgresql", "home"),
        ("postgres://me@[::1]:5433/home", "::1", "home"),
    ],
)
def test_both_spellings(dsn, host, name):
    parts = databases.parse_dsn("POSTGRES_URL", dsn)
    assert (parts["host"], parts["dbname"]) == (host, name)


def test_password_is_decoded_and_options_are_passed_on():
    store = databases.store_database(databases.parse_dsn("POSTGRES_URL", NEON), 5000)
    assert store["PASSWORD"] == "s#cret"
    assert store["OPTIONS"]["channel_binding"] == "require"


@pytest.mark.parametrize("dsn", ["mysql://a/b", "just words", "host=a =b", "postgresql://u:p@h:port/db?nosuch=1"])
def test_what_is_no_address_is_refused_without_repeating_it(dsn):
    with pytest.raises(ImproperlyConfigured) as caught:
        databases.parse_dsn("POSTGRES_URL", dsn)
    assert dsn not in str(caught.value)
    assert caught.value.__suppress_context__


def test_the_direct_address_is_worked_out():
    direct = databases.direct_dsn(databases.parse_dsn("POSTGRES_URL", NEON))
    assert direct["host"] == "ep-cool-1.eu-central-1.aws.neon.tech"
    plain = databases.parse_dsn("POSTGRES_URL", "host=db.example dbname=a")
    assert databases.direct_dsn(plain) == plain


@pytest.mark.parametrize(
    "dsn, mode",
    [
        ("host=db.example dbname=a", "require"),
        ("host=db.example dbname=a sslmode=verify-full", "verify-full"),
        ("host=/run/postgresql dbname=a", None),
    ],
)
def test_ssl_mode_fills_in_where_none_is_named(dsn, mode):
    parts = databases.with_ssl_mode(databases.parse_dsn("POSTGRES_URL", dsn), "require")
    assert parts.get("sslmode") == mode


def test_the_site_database_may_be_elsewhere(tmp_path):
    assert databases.site_database(None, tmp_path / "s.sqlite3")["NAME"] == tmp_path / "s.sqlite3"
    assert str(databases.site_database("sqlite:////data/s.sqlite3", tmp_path)["NAME"]) == "/data/s.sqlite3"
    assert databases.site_database("postgresql://u:p@h/d", tmp_path)["HOST"] == "h"


def test_further_databases_have_an_address_each():
    found = databases.more_databases(
        ["staging", "replica_2"],
        {
            "POSTGRES_URL_STAGING": "postgresql://u:p%23@h/d",
            "POSTGRES_URL_REPLICA_2": " host=/run/postgresql dbname=x ",
        },
        "require",
        5000,
    )
    assert list(found) == ["staging", "replica_2"]
    assert (found["staging"]["HOST"], found["staging"]["PASSWORD"]) == ("h", "p#")
    assert found["staging"]["OPTIONS"]["sslmode"] == "require"
    assert "sslmode" not in found["replica_2"]["OPTIONS"]


@pytest.mark.parametrize(
    "names, said",
    [
        (["Staging"], "names 'Staging'; a name has small letters"),
        (["a b"], "names 'a b'"),
        (["store"], "names store, which is taken"),
        (["staging", "staging"], "names staging, which is taken"),
        (["replica"], "POSTGRES_URL_REPLICA is not set"),
        (["broken"], "POSTGRES_URL_BROKEN is neither"),
    ],
)
def test_a_further_database_that_is_not_right_is_told_without_its_address(names, said):
    environment = {"POSTGRES_URL_STAGING": "postgresql://u:p@h/d", "POSTGRES_URL_BROKEN": "pw=s3cret what"}
    with pytest.raises(ImproperlyConfigured) as refused:
        databases.more_databases(names, environment, "require", 5000)
    assert said in str(refused.value)
    assert "s3cret" not in str(refused.value)
