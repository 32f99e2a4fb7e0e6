"""`manage.py ops`: how options are read, what is shown, what is asked, and the exit codes."""

from __future__ import annotations

import io
import json
import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from opsadmin.faces import show
from opsadmin.models import ApiToken, OperationRun
from tests.opsadmin.faces import command_samples as samples
from tests.opsadmin.faces.people import person

ROOT = Path(__file__).resolve().parents[3]
NOWHERE = "host=127.0.0.1 port=1 dbname=store user=nobody password=hunter2"


@pytest.fixture(autouse=True)
def _sample_operations() -> Iterator[None]:
    with samples.registered():
        yield


class Screen(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def ops(*words: str, stdin: str | None = None, monkeypatch: Any = None, screen: bool = False) -> tuple[int, str, str]:
    """Exit code, standard output, standard error."""
    out, err = Screen() if screen else io.StringIO(), io.StringIO()
    if stdin is not None:
        monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
    try:
        call_command("ops", *words, stdout=out, stderr=err)
        code = 0
    except SystemExit as end:
        code = int(end.code or 0)
    return code, out.getvalue(), err.getvalue()


def given(*words: str, **more: Any) -> dict[str, Any]:
    """The parameters that the operation `everything` got."""
    code, out, err = ops("everything", "--json", *words, **more)
    assert code == 0, err
    found = json.loads(out)["given"]
    assert isinstance(found, dict)
    return found


# --- options ---------------------------------------------------------------------------------------------------------


def test_parameters_of_every_kind():
    assert given(
        *("--query", "SELECT 1", "--query", "SELECT 2"),
        *("--hypothetical-index", "CREATE INDEX ON t (a)", "--hypothetical-index", '{"table": "t", "columns": ["b"]}'),
        *("--tables", "t", "--table", "u", "--areas", "index", "--areas", "vacuum", "--sort-by", "size"),
        *("--max-size-mb", "2.5", "--analyze", "--params", '[1, "a", null]', "--note", "-- a\nb"),
    ) == {
        "queries": ["SELECT 1", "SELECT 2"],
        "hypothetical_indexes": ["CREATE INDEX ON t (a)", {"table": "t", "columns": ["b"]}],
        "tables": ["t"],
        "table": "u",
        "areas": "index,vacuum",
        "sort_by": "size",
        "max_size_mb": 2.5,
        "analyze": True,
        "params": [1, "a", None],
        "note": "-- a\nb",
        "json": "",
        "database": "",
    }


@pytest.mark.parametrize(
    "words, name, value",
    [
        (["--sort_by", "size"], "sort_by", "size"),
        (["--order-by=size"], "sort_by", "size"),
        (["--order_by", "size"], "sort_by", "size"),
        (["--max_index_size_mb", "3"], "max_size_mb", 3.0),
        (["--no-analyze"], "analyze", False),
        (["--analyze", "--no-analyze"], "analyze", False),
        (["--areas", "index,vacuum"], "areas", "index,vacuum"),
        (["--parameter-json", "x"], "json", "x"),
        (["--tables", "a", "--tables", "b"], "tables", ["a", "b"]),
        (["--tables", '["a", "b"]'], "tables", ["a", "b"]),
        (["--hypothetical_indexes", '[{"table": "t"}]'], "hypothetical_indexes", [{"table": "t"}]),
        (["--table", 'odd "näme"; --'], "table", 'odd "näme"; --'),
        (["--skip-checks", "--no-color", "-v", "0"], "table", ""),
    ],
)
def test_spellings(words, name, value):
    assert given("SELECT 1", *words)[name] == value


@pytest.mark.parametrize(
    "words",
    [
        ["SELECT 1", "SELECT 2"],
        ["--statements", "SELECT 1", "--query", "SELECT 2"],
        ["--statement=SELECT 1", "--queries", "SELECT 2"],
        ["SELECT 1", "--analyze", "SELECT 2"],
        ["--analyze", "--", "SELECT 1", "SELECT 2"],
    ],
)
def test_a_list_is_repeated_or_stands_without_its_name(words):
    assert given(*words)["queries"] == ["SELECT 1", "SELECT 2"]


@pytest.mark.parametrize("text", ["SELECT 1;\n\nSELECT 2;\n", '["SELECT 1", "SELECT 2"]', "\ufeffSELECT 1;SELECT 2"])
def test_a_list_from_a_file_or_standard_input(text, tmp_path, monkeypatch):
    file = tmp_path / "queries.sql"
    file.write_text(text)
    for words in (["--queries-file", str(file)], ["--queries_file", str(file)], ["--statements-file", str(file)]):
        assert given(*words)["queries"] == ["SELECT 1", "SELECT 2"]
    for words in (["--queries-file", "-"], ["--query", "-"], ["-"]):
        assert given(*words, stdin=text, monkeypatch=monkeypatch)["queries"] == ["SELECT 1", "SELECT 2"]


def test_a_long_text_from_standard_input(monkeypatch):
    assert given("SELECT 1", "--note", "-", stdin="a\n;b\n", monkeypatch=monkeypatch)["note"] == "a\n;b\n"
    code, _out, err = ops("everything", "-", "--note", "-", stdin="x", monkeypatch=monkeypatch)
    assert (code, err) == (2, "Standard input can be read only once: - stands twice.\n")


@pytest.mark.parametrize(
    "words, says",
    [
        ([], "The parameter 'queries' is missing: The statements."),
        (["x", "--lmit", "3"], "There is no option --lmit."),
        (["x", "--sort-bye", "3"], "Do you mean --sort-by?"),
        (["x", "--sort-by", "colour"], "must be one of name, size"),
        (["x", "--areas", "index,nose"], "must be one of all, index, vacuum"),
        (["x", "--max-size-mb", "-1"], "max_size_mb is -1; it must be at least 0."),
        (["x", "--max-size-mb", "big"], "it must be a number"),
        (["x", "--sort-by"], "expected one argument"),
        (["x", "--query", "y"], "The parameter 'queries' is given twice."),
        (["--query", "x", "--queries-file", "y"], "given twice"),
        (["x", "--params", "[1,"], "it must be JSON"),
        (["x", "--hypothetical-index", '{"table": '], "hypothetical_indexes looks like JSON and is none"),
        (["[1, 2]"], "a list of texts"),
        (["--queries-file", "/nowhere/q.sql"], "The file /nowhere/q.sql cannot be read: No such file or directory."),
        (["--queries-file", "/"], "cannot be read: Is a directory."),
        (["--queries-file", os.devnull], "/dev/null holds nothing."),
        (["x", "--database", "nope"], "it must be one of store."),
        (["x", "--table", "a\udcff"], "a text of valid characters"),
        (["x", "--note", "a\0b"], "a text of valid characters"),
        (["x", "--preview"], "There is no option --preview."),
        (["x", "--yes"], "There is no option --yes."),
    ],
)
def test_what_is_asked_wrongly(words, says):
    code, out, err = ops("everything", *words)
    assert (code, out) == (2, "")
    assert says in err
    assert "Traceback" not in err
    assert samples.called == []


@pytest.mark.parametrize(
    "words, expected, says",
    [
        (["k"], {"name": "k"}, None),
        (["public", "k"], {"schema": "public", "name": "k"}, None),
        (["public", "k", "index"], {"schema": "public", "name": "k", "kind": "index"}, None),
        (["k", "--schema", "s"], {"schema": "s", "name": "k"}, None),
        (["public", "k", "--schema", "s"], None, "given twice"),
        (["public", "k", "index", "3"], None, "There is one value too many: '3'."),
        ([], None, "The parameter 'name' is missing"),
    ],
)
def test_values_without_a_name(words, expected, says):
    code, out, err = ops("details", *words, "--json")
    if says:
        assert code == 2
        assert says in json.loads(err)["message"]
    else:
        default = {"schema": "public", "kind": "table", "deep": False, "database": ""}
        assert json.loads(out)["given"] == {**default, **expected}


def test_a_value_too_many():
    code, _out, err = ops("change", "public", "i", "more")
    assert (code, err) == (2, "There is one value too many: 'more'.\n")
    assert ops("rows", "more")[0] == 2


def test_an_error_as_json_is_the_only_thing_on_standard_error():
    code, out, err = ops("everything", "x", "--sort-by", "colour", "--json")
    assert (code, out) == (2, "")
    assert json.loads(err) == {
        "kind": "OperationError",
        "message": "sort_by is 'colour'; it must be one of name, size.",
        "parameter": "sort_by",
        "allowed": ["name", "size"],
    }
    assert json.loads(ops("everything", "--json", "--nope")[2])["parameter"] == "nope"
    assert json.loads(ops("--json", "nope")[2])["kind"] == "UnknownOperation"


def test_help_comes_from_the_parameters():
    code, out, _err = ops("everything", "--help")
    assert code == 0
    for text in (
        "--query SQL",
        "--max-size-mb X",
        "--no-analyze",
        "100 % of them",
        "One of: name, size.",
    ):
        assert text in out
    for hidden in ("--max_size_mb", "--max-index-size-mb", "--settings", "--yes"):
        assert hidden not in out
    assert "--yes" in ops("drop", "-h")[1]
    assert "--text TEXT" in ops("record_decision", "--help")[1], "what has several lines is no SQL"


def test_an_unknown_name_and_a_near_one():
    code, _out, err = ops("everythink")
    assert code == 2
    assert "There is no operation 'everythink'." in err
    assert "Do you mean everything?" in err


def test_the_list():
    code, out, _err = ops()
    assert code == 0
    assert "Samples\n" in out
    assert "  drop " in out
    assert "It destroys something" in out
    listed = json.loads(ops("--json")[1])
    entry = next(one for one in listed if one["name"] == "drop")
    assert (entry["effect"], entry["group"], entry["preview"]) == ("destroys", "changes", True)
    assert entry["parameters"]["required"] == ["schema", "name"]


# --- results ---------------------------------------------------------------------------------------------------------


def test_json_is_exactly_the_result():
    code, out, err = ops("rows", "--json")
    assert (code, err) == (0, "")
    assert json.loads(out) == [row.as_dict() for row in samples.rows(None, None)]
    assert json.loads(ops("nothing", "--json")[1]) == []


def test_a_table_on_the_terminal(monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    code, out, _err = ops("rows", screen=True)
    assert code == 0
    assert "\x1b[31m" not in out
    assert "\\u001b[31mred" in out
    assert "80 kB" in out
    assert "5 GB" in out


def test_a_narrow_terminal_gets_a_line_for_each_value(monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("NO_COLOR", "1")
    _code, out, _err = ops("rows", "--no-color", screen=True)
    assert max(map(len, out.splitlines())) <= 40
    assert "Name      orders" in out
    assert "a_rather_long_name_of_a_table_" in out


def test_no_rows_and_many_rows():
    assert "Nothing." in ops("nothing")[1]
    out = ops("many")[1]
    assert f"... and {10_000 - show.MOST_ROWS} more rows. --json has them all." in out
    assert len(json.loads(ops("many", "--json")[1])) == 10_000


def test_a_health_report_says_the_worst_first_and_the_whole_last():
    code, out, _err = ops("health")
    assert code == 0
    lines = out.splitlines()
    assert lines[0] == "✗ critical  The index is invalid since 3 days."
    assert "\x1b" not in out
    assert (
        'REINDEX INDEX CONCURRENTLY "public"."a_rather_long_name_of_an_index_that_no_line_of_80_has_room_for";' in out
    )
    for text in (
        "Why it hurts: Each write pays for it",
        "Judged by: any",
        "The fix locks: SHARE UPDATE EXCLUSIVE",
        "and 5 more",
        "2 checks could not look",
        "replication.lag, replication.slots",
        "GRANT pg_monitor TO me;",
        "public.locked: ACCESS EXCLUSIVE held by pid 7",
        "1 check found nothing",
        "Vacuum: Age (7 databases)",
        "nothing to look at here: x.y",
    ):
        assert text in out
    assert lines[-1] == "✗ critical · score 49 of 100 · store, PostgreSQL 15.1 · 812 ms · 14 statements"


def test_the_fix_stays_on_its_line_on_a_narrow_terminal(monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    assert "that_no_line_of_80_has_room_for" in ops("health", "--no-color", screen=True)[1]


@pytest.mark.parametrize(
    "status, limit, code",
    [
        ("critical", "critical", 3),
        ("critical", "warning", 3),
        ("warning", "critical", 0),
        ("warning", "warning", 3),
        ("unknown", "warning", 0),
        ("ok", "warning", 0),
    ],
)
def test_fail_on(status, limit, code):
    for more in ([], ["--json"]):
        found, out, _err = ops("health", "--status", status, "--fail-on", limit, *more)
        assert found == code
        assert "PostgreSQL 15.1" in out


def test_fail_on_what_has_no_health():
    code, _out, err = ops("rows", "--fail-on", "warning")
    assert code == 2
    assert "no health report" in err


# --- failures --------------------------------------------------------------------------------------------------------


def test_a_failed_run():
    assert ops("fails") == (1, "", "The disk is full: 0 bytes left.\nMake room.\n")


def test_a_fault_of_ours_tells_no_secret():
    code, out, err = ops("breaks")
    assert (code, out) == (1, "")
    assert "RuntimeError" in err
    assert "--traceback" in err
    assert "hunter2" not in err
    for words in (("breaks", "--traceback"), ("--traceback", "breaks")):
        with pytest.raises(RuntimeError):
            ops(*words)


def test_interrupted():
    assert ops("interrupted") == (130, "", "Interrupted.\n")


# --- effects ---------------------------------------------------------------------------------------------------------


@pytest.mark.django_db(databases=["default"])
def test_what_writes_says_first_what_it_does_and_is_logged():
    code, out, err = ops("change", "public", 'odd "i"', "--json")
    assert (code, json.loads(out), err) == (0, {"given": {"name": 'odd "i"'}}, "")
    code, out, err = ops("change", "public", "i")
    assert code == 0
    assert "The index i would go." in err
    assert "would go" not in out
    run = OperationRun.objects.get(parameters__name="i")
    assert (run.door, run.outcome, run.address) == ("command", "done", "")


def test_a_preview_does_nothing():
    code, out, err = ops("drop", "public", "i", "--preview")
    assert (code, err) == (0, "")
    assert 'DROP INDEX "public"."i"' in out
    assert json.loads(ops("change", "public", "i", "--preview", "--json")[1]) == {
        "sentences": ["The index i would go."],
        "sql": 'DROP INDEX "public"."i"',
        "refusal": "",
    }
    assert "It would be refused: It backs a constraint." in ops("drop", "public", "pk", "--preview")[1]
    assert samples.called == []


def test_what_destroys_needs_a_terminal_or_yes(monkeypatch):
    code, out, err = ops("drop", "public", "i", stdin="yes\n", monkeypatch=monkeypatch)
    assert (code, out) == (2, "")
    assert "there is no terminal to ask at. Nothing was done." in err
    assert "--yes" in err
    code, out, err = ops("drop", "public", "i", "--json", stdin="yes\n", monkeypatch=monkeypatch)
    assert json.loads(err)["kind"] == "NotConfirmed"
    monkeypatch.setattr(sys, "stdin", None)
    assert ops("drop", "public", "i")[0] == 2
    assert samples.called == []


def test_what_would_be_refused_is_not_tried():
    code, _out, err = ops("drop", "public", "pk", "--yes")
    assert code == 1
    assert err.endswith("It backs a constraint.\n")
    assert samples.called == []


@pytest.mark.django_db(databases=["default"])
def test_yes_confirms():
    code, _out, err = ops("drop", "public", "i", "--yes")
    assert code == 0
    assert "The index i would go." in err
    assert samples.called == ["changed i"]


@pytest.mark.django_db(databases=["default"])
@pytest.mark.parametrize("answer, code", [("yes\n", 0), ("YES \n", 0), ("y\n", 2), ("\n", 2), ("", 2)])
def test_at_a_terminal_it_asks(answer, code, monkeypatch):
    monkeypatch.setattr(sys, "stdin", Screen(answer))
    found, _out, err = ops("drop", "public", "i")
    assert found == code
    assert "Write yes to do it:" in err
    assert samples.called == (["changed i"] if code == 0 else [])


# --- real processes --------------------------------------------------------------------------------------------------


def process(*words: str, **more: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tests.opsadmin.faces.command_process", "ops", *words],
        cwd=ROOT,
        text=True,
        capture_output=True,
        timeout=60,
        **more,
    )


def test_a_real_process_ends_with_the_code_and_prints_only_json():
    done = process("health", "--fail-on", "critical", "--json")
    assert (done.returncode, done.stderr) == (3, "")
    assert json.loads(done.stdout)["overall_status"] == "critical"


def test_postgresql_down_is_one_sentence():
    done = process("list_schemas", "--json", env={**os.environ, "POSTGRES_URL": NOWHERE})
    assert (done.returncode, done.stdout) == (1, "")
    assert json.loads(done.stderr)["message"] == "PostgreSQL does not answer."


def test_a_reader_that_leaves_early_and_an_old_locale():
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "FORCE_COLOR": "1"}
    command = [sys.executable, "-m", "tests.opsadmin.faces.command_process", "ops", "health", "--fail-on", "warning"]
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.close()
        err = running.stderr.read()
        assert running.wait(60) == 3
    assert err == ""
    done = process("health", env=environment)
    assert done.returncode == 0
    assert "\\u2717 critical" in done.stdout
    assert "\x1b[" in done.stdout


@pytest.mark.skipif(not hasattr(pty, "openpty"), reason="no pseudo terminals here")
def test_a_real_terminal_is_asked():
    ours, theirs = pty.openpty()
    os.write(ours, b"no\n")
    done = process("drop", "public", "i", stdin=theirs)
    os.close(ours)
    os.close(theirs)
    assert (done.returncode, done.stdout) == (2, "")
    assert "Not confirmed. Nothing was done." in done.stderr


# --- the other doors -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("word", ["mcp", "metrics"])
def test_a_door_without_its_package_says_so(word, monkeypatch, capsys):
    monkeypatch.setattr(f"opsadmin.faces.{word}.find_spec", lambda name: None)
    code, out, err = ops(word)
    assert code != 0
    assert out == ""
    assert "pip install" in err + capsys.readouterr().err


# --- tokens ----------------------------------------------------------------------------------------------------------


@pytest.mark.django_db(databases=["default"])
class TestTokens:
    USE = "opsadmin.use_api"

    def test_made_listed_and_revoked(self):
        person("anna", self.USE)
        code, out, err = ops(
            "token", "create", "--user", "anna", "--name", "night cron", "--reach", "writes", "--expires-days", "30"
        )
        assert code == 0
        secret = out.strip()
        assert secret.startswith("ops_")
        assert "only now" in err
        listed = json.loads(ops("token", "list", "--json")[1])
        assert [(one["name"], one["user"], one["reach"]) for one in listed] == [("night cron", "anna", "writes")]
        assert listed[0]["expires_at"] is not None
        shown = ops("token", "list")[1]
        assert "night cron" in shown
        assert secret not in shown
        assert ops("token", "revoke", "night cron")[0] == 0
        assert not ApiToken.objects.exists()
        assert "There is no token yet." in ops("token", "list")[1]

    def test_as_json_and_revoked_by_what_it_begins_with(self):
        person("anna", self.USE)
        made = json.loads(ops("token", "create", "--user", "anna", "--name", "a", "--json")[1])
        assert made["token"].startswith(made["begins_with"])
        ops("token", "create", "--user", "anna", "--name", "a")
        code, _out, err = ops("token", "revoke", "a")
        assert code == 2
        assert "2 tokens are called that" in err
        assert json.loads(ops("token", "revoke", made["begins_with"], "--json")[1])["revoked"]["id"] == made["id"]
        assert ApiToken.objects.count() == 1

    @pytest.mark.parametrize(
        "words, says",
        [
            (["create", "--user", "nobody", "--name", "x"], "There is no user 'nobody'."),
            (["create", "--user", "bob", "--name", "x"], "the permission opsadmin.use_api is missing"),
            (["create", "--user", "bob"], "required: --name"),
            (["create", "--user", "bob", "--name", "x", "--reach", "all"], "invalid choice: 'all'"),
            (["create", "--user", "bob", "--name", "x", "--expires-days", "0"], "must be 1 to 3650"),
            (["revoke", "nope"], "No token has that number, name or beginning."),
            (["revoke", ""], "No token has that number, name or beginning."),
            (["steal"], "invalid choice: 'steal'"),
        ],
    )
    def test_asked_wrongly(self, words, says):
        person("bob")
        code, out, err = ops("token", *words)
        assert (code, out) == (2, "")
        assert says in err

    def test_help(self):
        assert "create" in ops("token")[1]
