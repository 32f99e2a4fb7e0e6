"""Every sample file through the real command, dry run and real run, against a real PostgreSQL: one verdict, and
nothing changes unless it is a write."""

import json
from decimal import Decimal

import pytest

from tests.sync.conftest import SAMPLE_HOME, SAMPLES, run

#: Only where PostgreSQL is asked: a bad file is refused without it.
with_postgres = pytest.mark.django_db(databases=["default", "store"], transaction=True)

#: What each bad file is told to be, and where.
BROKEN = {
    "comment.json": (2, 3, ""),
    "control_character.json": (1, 21, ""),
    "duplicate_keys.json": (1, 59, "twice"),
    "duplicate_nested_keys.json": (4, 14, "twice"),
    "empty.json": (1, 1, "empty"),
    "far_too_deep.json": (1, 209, "deep"),
    "infinity.json": (2, 25, "Infinity"),
    "integer_too_long.json": (2, 28, "digits"),
    "latin1.json": (1, 46, "UTF-8"),
    "lone_surrogate.json": (2, 15, "surrogate"),
    "not_a_number.json": (1, 52, "NaN"),
    "nul_character.json": (1, 42, "NUL"),
    "number_too_large.json": (2, 25, "1.8e308"),
    "number_too_small.json": (2, 25, "zero"),
    "only_null.json": (1, 1, "object"),
    "single_quotes.json": (1, 2, ""),
    "too_deep.json": (1, 209, "deep"),
    "top_level_list.json": (1, 1, "object"),
    "trailing_comma.json": (2, 19, ""),
    "trailing_garbage.json": (2, 1, ""),
    "truncated.json": (33, 13, ""),
    "two_documents.json": (2, 1, ""),
    "utf16.json": (1, 1, "UTF-16"),
    "zero_bytes.json": (3, 1, "zero bytes"),
}
ODD = ["out_of_range.json"]
FINE = sorted(path.name for path in (SAMPLES / "fine").glob("*.json"))
ALL = [
    *sorted(SAMPLES.glob("*.json")),
    *sorted((SAMPLES / "fine").glob("*.json")),
    SAMPLE_HOME / "settings.json",
    SAMPLE_HOME / "state.json",
]


def test_every_sample_is_accounted_for():
    assert {path.name for path in SAMPLES.glob("*.json")} == {*BROKEN, *ODD}


def comparable(report):
    """What a dry run and a real run must agree on."""
    kept = ("path", "verdict", "reasons", "problems", "warnings", "changes", "held")
    return (
        report["verdict"],
        report["exit_code"],
        [{key: plan[key] for key in kept} for plan in report["documents"].values()],
    )


@with_postgres
@pytest.mark.parametrize("path", ALL, ids=lambda path: path.name)
def test_dry_run_and_real_run_agree(tables, path):
    kind = "state" if path.name == "state.json" else "settings"
    for start in ({}, {"mode": "winter", "kept": [1, 2]}):
        tables.put(kind, start)
        for extra in ([], ["--strict"], ["--force"]):
            before = tables.everything()
            arguments = ["migrate_to_postgres", f"--{kind}-path", path, "--json", *extra]
            dry = run(*arguments)
            assert tables.everything() == before
            real = run(*arguments, "--apply")
            assert comparable(real.report) == comparable(dry.report)
            assert real.code == dry.code == real.report["exit_code"]
            assert (tables.everything() != before) == real.report["written"] == (real.report["verdict"] == "write")
            if real.report["verdict"] == "write":
                again = run(*arguments, "--apply")
                assert (again.code, again.report["verdict"]) == (0, "same")
                tables.put(kind, start)


@pytest.mark.parametrize("name", BROKEN)
def test_says_where_a_bad_file_is_wrong(name):
    line, column, words = BROKEN[name]
    ended = run("migrate_to_postgres", "--settings-path", SAMPLES / name, "--json", "--apply", "--force")
    plan = ended.report["documents"]["settings"]
    problem = plan["problems"][0]
    assert ended.code == 2
    assert plan["verdict"] == "refuse"
    assert (problem["line"], problem["column"]) == (line, column), problem
    assert words in problem["message"]
    shown = run("migrate_to_postgres", "--settings-path", SAMPLES / name).out
    if line:
        assert f"line {line}, column {column}" in " ".join(shown.split())


@with_postgres
@pytest.mark.parametrize("name", [*FINE, *ODD])
def test_fine_and_odd_files_arrive_unchanged(tables, name):
    path = SAMPLES / name if name in ODD else SAMPLES / "fine" / name
    ended = run("migrate_to_postgres", "--settings-path", path, "--apply")
    assert ended.code == 0, ended.out
    stored = tables.connection.execute("SELECT data::text FROM json_store WHERE kind = 'settings'").fetchone()[0]
    meant = path.read_bytes().decode("utf-8-sig")
    assert json.loads(stored, parse_float=Decimal) == json.loads(meant, parse_float=Decimal)


@with_postgres
def test_odd_values_are_named_and_strict_refuses_them(tables):
    path = SAMPLES / "out_of_range.json"
    ended = run("migrate_to_postgres", "--settings-path", path, "--json")
    named = {warning["path"] for warning in ended.report["documents"]["settings"]["warnings"]}
    assert (ended.code, ended.report["verdict"]) == (0, "write")
    assert {"mode", "poll_interval_seconds", "winter.min_temp"} <= named
    strict = run("migrate_to_postgres", "--settings-path", path, "--json", "--strict")
    assert (strict.code, strict.report["documents"]["settings"]["reasons"][0]["code"]) == (2, "strict")


def test_a_file_cut_off_anywhere_is_refused(put_file):
    whole = (SAMPLE_HOME / "settings.json").read_bytes().rstrip()
    for position in range(0, len(whole), 17):
        cut = put_file(whole[:position])
        ended = run("migrate_to_postgres", "--settings-path", cut, "--apply", "--json")
        assert (ended.code, ended.report["written"]) == (2, False), position


@with_postgres
def test_both_documents_or_none(tables):
    before = tables.everything()
    arguments = ["--settings-path", SAMPLE_HOME / "settings.json", "--state-path", SAMPLES / "truncated.json"]
    ended = run("migrate_to_postgres", *arguments, "--apply", "--json")
    assert ended.code == 2
    assert {kind: plan["verdict"] for kind, plan in ended.report["documents"].items()} == {
        "settings": "unknown",
        "state": "refuse",
    }
    assert tables.everything() == before
