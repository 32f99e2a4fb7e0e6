"""Constants are masked, whatever quotes they stand in, and nothing else is."""

from __future__ import annotations

import time

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from opsadmin.postgres.masking import MASK, masked, one_line


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT $1, a$b$c, x.\"it's\" FROM t /* it's */ -- don't",
        "SELECT count(*) FROM t WHERE a = $1 AND b > 3",
        "SELECT /* app='x' /* nested 'y' */ */ 1",
        "",
        '"',
    ],
)
def test_what_holds_no_constant_stays(sql):
    assert masked(sql) == sql


@pytest.mark.parametrize(
    "constant",
    [
        "'secret'",
        "'it''s secret'",
        r"E'\'secret'",
        r"e'secret\\'",
        "U&'secret'",
        "N'secret'",
        "$$secret$$",
        "$a$it's $b$ secret$b$ $a$",
        "$ä1$secret$ä1$",
        "'two\nlines secret'",
        "'-- secret'",
        "'/* secret'",
        "'$$secret'",
    ],
)
def test_every_kind_of_constant_goes(constant):
    assert masked(f"ALTER ROLE a PASSWORD {constant} VALID UNTIL {constant}") == (
        f"ALTER ROLE a PASSWORD {MASK} VALID UNTIL {MASK}"
    )
    for cut in range(1, len(constant)):
        assert "secre" not in masked(f"PASSWORD {constant[:cut]}"), "a server keeps so much of a text"


def test_a_backslash_that_may_have_hidden_a_quote_ends_the_text():
    assert masked(r"SELECT 'it\'s secret' FROM t") == f"SELECT {MASK}"


def test_comments_lose_addresses_and_passwords():
    assert masked("/* postgresql://anna:secret@h/db password=secret, token: secret*/ SELECT 1 -- pwd=secret") == (
        "/* postgresql://anna:***@h/db password=***, token: ****/ SELECT 1 -- pwd=***"
    )


@pytest.mark.parametrize("odd", ["'", "/*", "$a", "$$ ", '"', "e'\\", "a://b:", "/*password=", "*/", "''"])
def test_a_long_odd_text_takes_no_time(odd):
    begun = time.monotonic()
    masked(odd * 200_000)
    assert time.monotonic() - begun < 5


def test_one_line():
    assert one_line("SELECT\n  1", 20) == "SELECT 1"
    assert one_line("-- Says\nSELECT /* it's */ 'a' -- end", 20) == "SELECT 'a'"
    assert one_line("SELECT 1", 5) == "SELE…"


@given(
    st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\0\\")), st.sampled_from(["", "E", "$$"])
)
def test_any_constant(secret, how):
    literal = f"$tag${secret}$tag$" if how == "$$" else how + "'" + secret.replace("'", "''") + "'"
    assume(how != "$$" or "$tag" not in secret)
    assert masked(f"ALTER ROLE a PASSWORD {literal}, {literal};") == f"ALTER ROLE a PASSWORD {MASK}, {MASK};"


@given(st.text(alphabet="'\"$\\/*-eE a;\n", max_size=30))
def test_a_quote_is_left_in_names_and_comments_alone(sql):
    assert "'" not in masked(sql).replace(MASK, "") or '"' in sql or "--" in sql or "/*" in sql
    assert "\n" not in one_line(sql, 100)
