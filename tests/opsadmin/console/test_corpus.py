"""The corpus: no statement harms, none that only reads is refused; as a superuser and as a restricted role."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from opsadmin.console.errors import SqlRefused
from opsadmin.console.run import run
from opsadmin.core.errors import OperationError
from switchbot_site.local.cluster import SUPERUSER
from tests.opsadmin.console.conftest import READER, Shop
from tests.opsadmin.console.corpus import Case, cases
from tests.opsadmin.console.oracle import differences, secrets_in

HARMFUL = cases("harmful")
LEGITIMATE = cases("legitimate")
#: They run, because all that they could do is show a secret, and it is masked.
SHOWN_MASKED = {
    "show_secret",
    "show_conninfo",
    "show_all",
    "settings_shown",
    "settings_value",
    "role_config",
    "statistics_shown",
    "customer_password",
    "customer_password_alias",
    "customer_token",
}
#: The longest that anybody waits for an answer.
SECONDS = 7


def outcome(shop: Shop, case: Case, user: str) -> tuple[str, str]:
    """The kind of the refusal (empty: it ran), and all that was answered."""
    begun = time.monotonic()
    try:
        refused, answer = "", repr(run(shop.parameters(user), shop.filled(case.sql)))
    except OperationError as error:
        refused, answer = type(error).__name__, repr(error.as_dict())
    assert time.monotonic() - begun < SECONDS, case.name
    assert secrets_in(answer) == [], f"{case.name}: {answer}"
    assert not refused or ".'," in answer, f"no sentence: {answer}"
    return refused, answer


@pytest.mark.parametrize("case", HARMFUL, ids=lambda case: case.name)
def test_nothing_harms(shop, case: Case):
    before = shop.oracle.state()
    refused, answer = outcome(shop, case, SUPERUSER)
    assert differences(before, shop.oracle.state()) == {}
    assert (refused == "") == (case.name in SHOWN_MASKED), answer


def test_nothing_harms_as_a_restricted_role(shop):
    before = shop.oracle.state()
    found = outcomes(shop, HARMFUL, READER)
    assert differences(before, shop.oracle.state()) == {}
    assert [one for one in found if not one[1] and one[0] not in SHOWN_MASKED] == []


#: What PostgreSQL itself refuses before 15: it has no MERGE, and tells only superusers of its memory.
BEFORE_15 = {SUPERUSER: {"explain_merge"}, READER: {"explain_merge", "memory", "shared_memory"}}


@pytest.mark.parametrize("user", [SUPERUSER, READER])
def test_what_only_reads_is_not_refused(shop, user):
    version = shop.witness.info.server_version
    found = outcomes(
        shop,
        [
            case
            for case in LEGITIMATE
            if (case.reader or user == SUPERUSER) and (version >= 150_000 or case.name not in BEFORE_15[user])
        ],
        user,
    )
    assert [one for one in found if one[1]] == []


def outcomes(shop: Shop, wanted: list[Case], user: str) -> list[tuple[str, str, str]]:
    """Name, refusal and answer of each; two at a time."""
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(lambda case: (case.name, *outcome(shop, case, user)), wanted))


def test_the_corpus_is_large_enough():
    assert len(HARMFUL) >= 320
    assert len(LEGITIMATE) >= 240
    for corpus in (HARMFUL, LEGITIMATE):
        assert len({case.name for case in corpus}) == len(corpus)


#: What the oracle must see when nobody guards: else a green corpus would say nothing.
UNGUARDED = {
    "insert": "canary",
    "nextval": "ticket",
    "notify_function": "heard",
    "lo_create": "large_object_count",
    "lo_put": "large_objects",
    "comment_on": "relations",
    "create_role": "roles",
    "alter_system": "configuration",
    "slot_physical": "slots",
    "stat_reset": "stats_reset",
    "stat_statements_reset": "statements_reset",
    "reload": "loaded",
    "switch_wal": "wal_file",
    "checkpoint": "checkpoint",
    "advisory_lock": "advisory_locks",
    "copy_to_program": "marker",
    "own_domain_array": "marker",
    "own_operator": "marker",
    "own_cast": "marker",
    "own_deep": "marker",
    "explain_immutable_harm": "marker",
    "foreign_child": "marker",
    "query_to_xml": "marker",
    "terminate": "alive",
}


def test_the_oracle_sees_harm_where_nobody_guards(make_shop):
    shop = make_shop()
    blind = []
    for name, seen in UNGUARDED.items():
        (case,) = (case for case in HARMFUL if case.name == name)
        shop.marker.unlink(missing_ok=True)
        before = shop.oracle.state()
        with psycopg.connect(shop.dsn(SUPERUSER), autocommit=True) as connection:
            connection.execute(shop.filled(case.sql).encode())
            patience = time.monotonic() + 5
            while seen not in differences(before, shop.oracle.state()):  # a reload reaches a session a moment later
                if time.monotonic() > patience:
                    blind.append(name)
                    break
    assert blind == []


@pytest.mark.parametrize(
    "name", ["customer_password", "authid", "settings_worked_with", "subscription", "user_mapping"]
)
def test_there_is_a_secret_to_be_seen_where_nobody_guards(shop, name):
    (case,) = (case for case in HARMFUL if case.name == name)
    with psycopg.connect(shop.dsn(SUPERUSER)) as connection:
        assert secrets_in(repr(connection.execute(case.sql.encode()).fetchall())) != []


def test_a_refusal_says_which_part_and_what_would_be_allowed(shop):
    with pytest.raises(SqlRefused) as caught:
        run(shop.parameters(SUPERUSER), "SELECT name, pg_sleep(1) FROM customer")
    assert "pg_sleep(double precision)" in caught.value.reason
    assert "STABLE" in caught.value.hint
    assert caught.value.as_dict()["reason"] == caught.value.reason
