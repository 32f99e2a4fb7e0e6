"""Statements are told apart where PostgreSQL tells them apart."""

import pytest

from opsadmin.faces.sql_file import split_statements


@pytest.mark.parametrize(
    "text, statements",
    [
        ("SELECT 1", ["SELECT 1"]),
        ("SELECT 1;\nSELECT 2;\n", ["SELECT 1", "SELECT 2"]),
        ("", []),
        (" ;; ; ", []),
        ("-- nothing; at all\n/* ; */", []),
        ("-- first; line\nSELECT 1; -- tail", ["-- first; line\nSELECT 1"]),
        ("SELECT 'a;b'';c'; SELECT 2", ["SELECT 'a;b'';c'", "SELECT 2"]),
        (r"SELECT 'C:\'; SELECT 2", [r"SELECT 'C:\'", "SELECT 2"]),
        (r"SELECT E'it\'s; x'; SELECT 2", [r"SELECT E'it\'s; x'", "SELECT 2"]),
        (r"SELECT e'\\'; SELECT 2", [r"SELECT e'\\'", "SELECT 2"]),
        ('SELECT "a;""b"; SELECT 2', ['SELECT "a;""b"', "SELECT 2"]),
        ("SELECT $$a;'b$$; SELECT 2", ["SELECT $$a;'b$$", "SELECT 2"]),
        ("SELECT $x$a;$$;$y$b$x$; SELECT 2", ["SELECT $x$a;$$;$y$b$x$", "SELECT 2"]),
        ("SELECT $1; SELECT a$b$c; SELECT $2", ["SELECT $1", "SELECT a$b$c", "SELECT $2"]),
        ("/* a /* ; */ ; */ SELECT 1; SELECT 2", ["/* a /* ; */ ; */ SELECT 1", "SELECT 2"]),
        ("SELECT begin FROM t; SELECT 2", ["SELECT begin FROM t", "SELECT 2"]),
        ("SELECT 'é;' AS \"naïve;\"; SELECT 2", ["SELECT 'é;' AS \"naïve;\"", "SELECT 2"]),
        ("SELECT 'open; SELECT 2", ["SELECT 'open; SELECT 2"]),
        ("SELECT 1 /* open; SELECT 2", ["SELECT 1 /* open; SELECT 2"]),
        ("SELECT $a$ open; SELECT 2", ["SELECT $a$ open; SELECT 2"]),
        ("SELECT 1 -- why; not\n + 1; SELECT 2", ["SELECT 1 -- why; not\n + 1", "SELECT 2"]),
    ],
)
def test_split(text, statements):
    assert split_statements(text) == statements


def test_a_long_file_is_split_at_once():
    statement = "SELECT 'it''s; fine', $$;$$ /* ; */ FROM t"
    assert split_statements(";\n".join([statement] * 20_000)) == [statement] * 20_000
