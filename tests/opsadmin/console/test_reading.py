"""What is read without a server: texts, kinds of statements, trees, parameters, secrets in answers."""

from __future__ import annotations

import pytest

from opsadmin.console.errors import SqlRefused, SqlWrong
from opsadmin.console.mask import MASK, Masker, is_secret_name
from opsadmin.console.parameters import bound
from opsadmin.console.rows import Column, Rows
from opsadmin.console.statement import Kind, statement_of
from opsadmin.console.text import MAX_CHARACTERS, tokens_of
from opsadmin.console.tree import MAX_BYTES, read_tree, unfolded
from opsadmin.core.blocks import Table


@pytest.mark.parametrize(
    "sql, texts",
    [
        ("SELECT a", ["select", "a"]),
        ('"A ""b" x', ['A "b', "x"]),
        ("'a''b' E'a\\'b'", ["'a''b'", "E'a\\'b'"]),
        ("$$ ' $$ $x$ $$ $x$", ["$$ ' $$", "$x$ $$ $x$"]),
        ("1--x\n2/*a/*b*/c*/3", ["1", "2", "3"]),
        ("a+-1", ["a", "+-", "1"]),
        ("a+--b\n1", ["a", "+", "1"]),
        ("a*/*x*/b", ["a", "*", "b"]),
        ("$1,$2", ["$1", ",", "$2"]),
        ("a::int[1:2]", ["a", "::", "int", "[", "1", ":", "2", "]"]),
        ("été ☃", ["été", "☃"]),
        ("1.5e-3 .5 5.", ["1.5e-3", ".5", "5."]),
        ("B'1' X'F' n'x'", ["B'1'", "X'F'", "n'x'"]),
    ],
)
def test_a_text_is_cut_as_postgresql_cuts_it(sql, texts):
    assert [token.text for token in tokens_of(sql)] == texts


@pytest.mark.parametrize(
    "sql, words",
    [
        ("SELECT 'a", "cannot be read from its character 8"),
        ('SELECT "a', "cannot be read from its character 8"),
        ("SELECT /* /* */", "not closed"),
        ("SELECT $a$ $b$", "not closed"),
        ('SELECT U&"a"', "U&"),
        ("SELECT 1 -- \0", "cannot be sent"),
        ("SELECT '\ud800'", "cannot be sent"),
        ("(" * 101, "nested more than 100 deep"),
        ("SELECT " + "1," * 8000, "more than 15000 words"),
        ("x" * (MAX_CHARACTERS + 1), "characters"),
    ],
)
def test_a_text_that_cannot_be_read_is_refused_with_the_place(sql, words):
    with pytest.raises(SqlRefused, match=words.replace("$", r"\$")):
        tokens_of(sql)


@pytest.mark.parametrize(
    "sql, kind, judged, plan_only",
    [
        ("SELECT 1 ;; --x", Kind.QUERY, "SELECT 1", False),
        ("((SELECT 1))", Kind.QUERY, "((SELECT 1))", False),
        ("explain select 1", Kind.EXPLAIN, "select 1", True),
        ("EXPLAIN (COSTS off) DELETE FROM x", Kind.EXPLAIN, "DELETE FROM x", True),
        ("EXPLAIN (ANALYZE off) (SELECT 1)", Kind.EXPLAIN, "(SELECT 1)", False),
        ('EXPLAIN ("analyze") SELECT 1', Kind.EXPLAIN, "SELECT 1", False),
        ("EXPLAIN ANALYZE VERBOSE TABLE x", Kind.EXPLAIN, "TABLE x", False),
        ("EXPLAIN (SELECT 1) UNION (SELECT 2)", Kind.EXPLAIN, "(SELECT 1) UNION (SELECT 2)", True),
    ],
)
def test_the_kind_of_a_statement(sql, kind, judged, plan_only):
    statement = statement_of(sql)
    assert (statement.kind, statement.judged, statement.plan_only) == (kind, judged, plan_only)


@pytest.mark.parametrize(
    "sql", ["SHOW", "SHOW 1", "SHOW work_mem + 1", "SHOW 'x'", "EXPLAIN", "EXPLAIN (", "EXPLAIN ()", ")", "1"]
)
def test_half_a_statement_is_refused_and_no_fault(sql):
    with pytest.raises(SqlRefused):
        statement_of(sql)


def test_a_setting_s_name_is_read():
    assert statement_of("SHOW a.b").setting == "a.b"
    assert statement_of("SHOW TIME ZONE").setting == "TimeZone"


@pytest.mark.parametrize(
    "text, words",
    [
        ("({QUERY :commandType 1", "an end that is missing"),
        ("})", "a closing brace too many"),
        (")", "a closing parenthesis too many"),
        ("({DREAM :a 1})", "a part called DREAM"),
        ("{QUERY :a {}}", "a part called }"),
    ],
)
def test_a_tree_that_is_not_known_is_refused(text, words):
    with pytest.raises(SqlRefused, match=words):
        read_tree(text)


def test_a_tree_that_is_too_large_is_refused():
    with pytest.raises(SqlRefused, match="stands for more than"):
        read_tree("x" * (MAX_BYTES + 1))


def test_a_tree_as_deep_as_a_statement_is_long_is_read():
    deep = "{NULLTEST :arg " * 50_000 + "{VAR :varno 1}" + "}" * 50_000
    (node,) = read_tree(deep)
    for _ in range(50_000):
        (node,) = node.nodes("arg")
    assert node.number("varno") == 1


def test_a_name_that_is_spelled_like_a_field_takes_nothing_away():
    (node,) = read_tree(r"{TARGETENTRY :expr {FUNCEXPR :funcid 5} :resname :expr :resno 1}")
    assert [inner.number("funcid") for inner in node.nodes("expr")] == [5]
    (node,) = read_tree(r"{ALIAS :aliasname a\{b\ :relid\ 5 :colnames <>}")
    assert node.number("relid") == 0


def test_a_line_that_was_broken_inside_a_word_is_refused():
    assert unfolded("({QUERY\n:a 1})") == "({QUERY :a 1})"
    with pytest.raises(SqlRefused, match="special characters"):
        unfolded("({QUERY :b\n" + "x" * 78 + "\n" + "x})")


@pytest.mark.parametrize(
    "sql, params, text, values",
    [
        ("SELECT '%s'", None, "SELECT '%s'", []),
        ("SELECT '%s'", [], "SELECT '%s'", []),
        ("SELECT $1", [1], "SELECT $1", [1]),
        ("SELECT '%' || $1", ["a"], "SELECT '%' || $1", ["a"]),
        ("SELECT %s, %s, '%%'", [1, None], "SELECT $1, $2, '%'", [1, None]),
        ("SELECT %(a)s, %(b)s, %(a)s", {"a": 1, "b": "x"}, "SELECT $1, $2, $1", [1, "x"]),
    ],
)
def test_parameters(sql, params, text, values):
    assert bound(sql, params) == (text, values)


@pytest.mark.parametrize(
    "sql, params, words",
    [
        ("SELECT %s, %s", [1], "more %s"),
        ("SELECT %s", [1, 2], "for the 2 values"),
        ("SELECT %(b)s", {"a": 1}, "no 'b'"),
        ("SELECT %d, %s", [1], "no parameter"),
        ("SELECT '%' , %(a)s", {"a": 1}, "no parameter"),
        ("SELECT 1", "x", "must be a list"),
        ("SELECT $1", [1] * 70_000, "at most 65535"),
    ],
)
def test_parameters_that_do_not_fit_are_named(sql, params, words):
    with pytest.raises(SqlWrong, match=words):
        bound(sql, params)


@pytest.mark.parametrize(
    "text, shown",
    [
        ("host=x password=abc dbname=y", f"host=x password={MASK} dbname=y"),
        ("postgres://u:p%40w@host/db", f"postgres://u:{MASK}@host/db"),
        ("ALTER ROLE x PASSWORD 'a''b' LOGIN", f"ALTER ROLE x PASSWORD {MASK} LOGIN"),
        ("ALTER ROLE x PASSWORD 'cut her", f"ALTER ROLE x PASSWORD {MASK}"),
        ("{app.jwt_secret=abc,work_mem=4MB}", f"{{app.jwt_secret={MASK},work_mem=4MB}}"),
        ("--secret-key=abc x", f"--secret-key={MASK} x"),
        ("SCRAM-SHA-256$4096:a==$b=:c= x", f"{MASK} x"),
        ("pbkdf2_sha256$600000$a$b=", MASK),
        ("nothing of the kind; 5 tokens of $100 each", "nothing of the kind; 5 tokens of $100 each"),
        ("SELECT md5('x')", "SELECT md5('x')"),
    ],
)
def test_secrets_in_texts_are_masked(text, shown):
    assert Masker().text(text) == shown


def test_secrets_in_values_are_masked_and_counted():
    masker = Masker(["s3cr3t-value"])
    value = {
        "token": "abc",
        "list": ["x s3cr3t-value", 1],
        "token_count": 5,
        "inner": {"api_key": ["a", None]},
        "n": "ok",
    }
    assert masker.value(value) == {
        "token": MASK,
        "list": [f"x {MASK}", 1],
        "token_count": 5,
        "inner": {"api_key": [MASK, None]},
        "n": "ok",
    }
    assert masker.count == 3
    assert masker.value(b"x", secret=True) == MASK
    assert masker.value(7, secret=True) == 7


def test_names_of_secrets():
    assert all(
        map(
            is_secret_name,
            ["password", "user_password", "api_token", "secretKey_hash", "app.jwt", "client-secret", "accessToken"],
        )
    )
    assert not any(map(is_secret_name, ["token_count", "passworded", "tokenizer", "name", "secretary"]))


def test_rows_as_text_and_as_data():
    rows = Rows(
        (Column("n", "integer"), Column("t", "text")), ((1, "x" * 400), (None, "y")), True, 1.25, masked=1, cut=1
    )
    table, masked, cut = rows.blocks()
    assert isinstance(table, Table)
    assert table.numeric == {0}
    assert table.rows[0][1].endswith(" ...")
    assert "first 2" in table.more
    assert "1 place." in masked.text
    assert "1." in cut.text
    assert rows.as_dict()["rows"] == [[1, "x" * 400], [None, "y"]]
    assert rows.as_dict()["columns"][0] == {"name": "n", "type": "integer"}
