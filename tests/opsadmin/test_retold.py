"""What was written down in English is told in the reader's language."""

from datetime import timedelta

import psycopg
import pytest
from django.utils import timezone
from django.utils.translation import override

from opsadmin.postgres.capabilities import Capabilities
from opsadmin.postgres.sentences import sentence_of
from opsadmin.retold import retold
from opsadmin.workload.marks import marks, note_mark
from stores.backends.postgres_errors import CONNECT_TEXTS, translate
from switchbot_site.local.catalogues import compile_catalogues


@pytest.fixture(autouse=True)
def french():
    compile_catalogues()
    with override("fr"):
        yield


def test_what_the_stores_say_is_known_word_by_word():
    states = [
        "55P03",
        "57014",
        "40001",
        "25006",
        "53100",
        "53300",
        "42P01",
        "42501",
        "28000",
        "3D000",
        "42P99",
        "22001",
        "25P03",
        "57P01",
        "XX000",
    ]
    said = [message for _words, _kind, message in CONNECT_TEXTS]
    for state in states:
        error = psycopg.OperationalError()
        error.sqlstate = state
        said.append(str(translate(error, deadline=1.5)))
    said.append(str(translate(psycopg.OperationalError('database "x" does not exist'), deadline=1)))
    said.append(str(translate(psycopg.OperationalError("gone"), deadline=1)))
    assert [one for one in said if retold(one) == one] == []
    with override("en"):
        assert [one for one in said if retold(one) != one] == []


def test_why_a_check_could_not_look_is_known():
    now = timezone.now()
    poor = Capabilities(
        version_num=140004,
        version="14.4",
        database="shop",
        role='odd "role"',
        is_superuser=False,
        in_recovery=False,
        block_size=8192,
        stats_reset=None,
        started_at=now,
        now=now,
        roles=frozenset(),
        extensions={},
        reads_tables=False,
        host="Neon",
    )
    needs = ("version >= 99", "extension hypopg", "role pg_monitor", "superuser", "standby", "own server", "statistics")
    said = [poor.lacks(need).reason for need in needs]
    assert [one for one in said if retold(one) == one] == []
    assert retold("Nobody knows this sentence.") == "Nobody knows this sentence."


def test_a_sentence_within_a_sentence_is_told_too():
    assert retold("postgres → filesystem: PostgreSQL answers again.") == (
        "postgres → filesystem\N{NO-BREAK SPACE}: PostgreSQL répond à nouveau."
    )


def test_a_mark_is_told_in_the_reader_s_language(db):
    now = timezone.now()
    note_mark("store", "outage", sentence_of(psycopg.OperationalError()), at=now)
    note_mark("store", "deploy", "3f9c1a7d20be", at=now + timedelta(seconds=1))
    there = ("store", now - timedelta(minutes=1), now + timedelta(minutes=1))
    assert [one.text for one in marks(*there)] == ["PostgreSQL ne répond pas.", "3f9c1a7d20be"]
    with override("en"):
        assert marks(*there)[0].text == "PostgreSQL does not answer."
