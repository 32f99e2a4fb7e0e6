"""migrate_to_postgres: rules, revisions, failures of PostgreSQL, output."""

import json
import os
import threading

import psycopg
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from psycopg.conninfo import make_conninfo

from stores import registry
from stores.errors import StoreError
from stores.sync import apply, session
from tests.sync.conftest import SAMPLE_HOME, SAMPLES, run

pytestmark = pytest.mark.django_db(databases=["default", "store"], transaction=True)

HOME = ["--settings-path", SAMPLE_HOME / "settings.json", "--state-path", SAMPLE_HOME / "state.json"]


def sample(kind):
    return json.loads((SAMPLE_HOME / f"{kind}.json").read_text())


def test_moves_both_and_is_idempotent(tables):
    ended = run("migrate_to_postgres", *HOME, "--apply", "--json")
    assert (ended.code, ended.report["verdict"], ended.report["written"]) == (0, "write", True)
    for kind in ("settings", "state"):
        assert tables.document(kind) == sample(kind)
        revision, document, writer, reason = tables.revisions(kind)[0]
        assert document == sample(kind)
        assert writer == "command:migrate_to_postgres"
        assert reason == "settings.json, state.json"
        assert ended.report["documents"][kind]["revision_written"] == revision
    before = tables.everything()
    again = run("migrate_to_postgres", *HOME, "--apply", "--json")
    assert (again.code, again.report["verdict"], again.report["written"]) == (0, "same", False)
    assert tables.everything() == before


def test_different_document_needs_force_and_stays_as_a_revision(tables):
    old = {"mode": "winter", "mine": "kept"}
    tables.put("settings", old)
    path = SAMPLE_HOME / "settings.json"
    refused = run("migrate_to_postgres", "--settings-path", path, "--apply", "--json")
    assert refused.code == 2
    assert [reason["code"] for reason in refused.report["documents"]["settings"]["reasons"]] == ["differs"]
    changes = {change["path"]: change for change in refused.report["documents"]["settings"]["changes"]}
    assert changes["mode"] == {"path": "mode", "action": "changed", "before": "winter", "after": "summer"}
    assert changes["mine"] == {"path": "mine", "action": "removed", "before": "kept"}
    assert tables.document("settings") == old
    assert run("migrate_to_postgres", "--settings-path", path, "--apply", "--force").code == 0
    assert [document for _revision, document, *_ in tables.revisions("settings")[:2]] == [sample("settings"), old]


def test_value_without_a_revision_is_kept_before_it_is_replaced(tables):
    tables.connection.execute("ALTER TABLE json_store DISABLE TRIGGER json_store_keep")
    tables.put("settings", {"written": "while the trigger was off"})
    tables.connection.execute("ALTER TABLE json_store ENABLE TRIGGER json_store_keep")
    ended = run("migrate_to_postgres", "--settings-path", SAMPLE_HOME / "settings.json", "--apply", "--force")
    assert ended.code == 0, ended.out
    new, old = tables.revisions("settings")[:2]
    assert new[1] == sample("settings")
    assert old[1] == {"written": "while the trigger was off"}
    assert old[3] == "value before migrate_to_postgres"


def test_previous_value_can_be_restored_from_its_revision(tables):
    tables.put("settings", {"mode": "winter"})
    run("migrate_to_postgres", "--settings-path", SAMPLE_HOME / "settings.json", "--apply", "--force")
    tables.connection.execute(
        "UPDATE json_store SET data = (SELECT data FROM json_store_revision WHERE kind = 'settings' "
        "AND revision = %s) WHERE kind = 'settings'",
        [tables.revisions("settings")[1][0]],
    )
    assert tables.document("settings") == {"mode": "winter"}


@pytest.mark.parametrize("extra", [[], ["--force"]])
def test_empty_settings_never_wipe_settings(tables, put_file, extra):
    tables.put("settings", {"mode": "winter"})
    ended = run("migrate_to_postgres", "--settings-path", put_file("{}"), "--apply", "--json", *extra)
    assert ended.code == 2
    assert [reason["code"] for reason in ended.report["documents"]["settings"]["reasons"]] == ["empty_settings"]
    assert tables.document("settings") == {"mode": "winter"}


def test_empty_settings_onto_nothing_is_nothing_to_do(tables, put_file):
    ended = run("migrate_to_postgres", "--settings-path", put_file("{}"), "--apply", "--json")
    assert (ended.code, ended.report["verdict"]) == (0, "same")


def test_empty_state_needs_force(tables, put_file):
    tables.put("state", {"last_temperature": 20.5})
    path = put_file("{}", "state.json")
    assert run("migrate_to_postgres", "--state-path", path, "--apply").code == 2
    assert run("migrate_to_postgres", "--state-path", path, "--apply", "--force").code == 0
    assert tables.document("state") == {}
    assert tables.revisions("state")[1][1] == {"last_temperature": 20.5}


def test_swapped_paths_are_noticed(tables):
    swapped = ["--settings-path", SAMPLE_HOME / "state.json", "--state-path", SAMPLE_HOME / "settings.json"]
    ended = run("migrate_to_postgres", *swapped, "--apply", "--json")
    assert ended.code == 2
    assert [plan["reasons"][0]["code"] for plan in ended.report["documents"].values()] == ["other_kind"] * 2


def test_one_file_for_both_is_a_mistake(tables):
    path = SAMPLE_HOME / "settings.json"
    for name in ("migrate_to_postgres", "export_store"):
        ended = run(name, "--settings-path", path, "--state-path", path)
        assert (ended.code, ended.out) == (2, "")


# --- which files ---


def test_configured_paths(tables, settings, tmp_path):
    settings.STORE_PATHS = {"settings": tmp_path / "settings.json", "state": tmp_path / "state.json"}
    nothing = run("migrate_to_postgres", "--json")
    assert nothing.code == 2
    assert [plan["reasons"][0]["code"] for plan in nothing.report["documents"].values()] == ["missing_file"] * 2
    (tmp_path / "settings.json").write_text('{"mode": "summer"}')
    for mode in ("--dry-run", "--apply"):
        one = run("migrate_to_postgres", mode, "--json")
        assert (one.code, one.report["verdict"]) == (0, "write")
        assert {kind: plan["verdict"] for kind, plan in one.report["documents"].items()} == {
            "settings": "write",
            "state": "absent",
        }
    assert tables.document("settings") == {"mode": "summer"}


def test_a_named_file_must_be_there_and_the_other_is_left_alone(tables, settings, tmp_path):
    settings.STORE_PATHS = {"settings": tmp_path / "settings.json", "state": tmp_path / "state.json"}
    (tmp_path / "state.json").write_text('{"last_temperature": 1}')
    ended = run("migrate_to_postgres", "--settings-path", SAMPLE_HOME / "settings.json", "--apply", "--json")
    assert list(ended.report["documents"]) == ["settings"]
    assert tables.document("state") == {}
    ended = run("migrate_to_postgres", "--state-path", tmp_path / "nowhere.json", "--json")
    assert (ended.code, ended.report["documents"]["state"]["reasons"][0]["code"]) == (2, "missing_file")


def unreadable_places(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to("loop")
    with (tmp_path / "huge.json").open("wb") as file:
        file.truncate(200 * 1024**3)
    return {
        tmp_path: "directory",
        tmp_path / "pipe": "regular file",
        tmp_path / "loop": "cannot be read",
        tmp_path / "huge.json": "128 MiB",
        tmp_path / "huge.json" / "x": "not a directory",
        "/dev/zero": "regular file",
        "/proc/self/mem": "cannot be read",
    }


def test_what_is_no_readable_file_is_said_in_a_sentence(tables, tmp_path):
    for path, words in unreadable_places(tmp_path).items():
        ended = run("migrate_to_postgres", "--settings-path", path, "--json")
        assert ended.code == 2
        assert words in ended.report["documents"]["settings"]["problems"][0]["message"]


def test_symbolic_link_is_followed(tables, tmp_path):
    (tmp_path / "link.json").symlink_to(SAMPLE_HOME / "settings.json")
    assert run("migrate_to_postgres", "--settings-path", tmp_path / "link.json", "--apply").code == 0
    assert tables.document("settings") == sample("settings")


# --- what PostgreSQL can be like ---


def reached_by(monkeypatch, dsn):
    monkeypatch.setattr(registry, "store_dsn", lambda alias="store": dsn)


def both_modes(*arguments):
    """The command's end in both modes, which must be the same."""
    dry = run("migrate_to_postgres", *HOME, "--json", *arguments)
    real = run("migrate_to_postgres", *HOME, "--json", "--apply", *arguments)
    assert (dry.code, dry.report["verdict"], dry.report["error"]) == (
        real.code,
        real.report["verdict"],
        real.report["error"],
    )
    return real


def test_missing_rows_are_made(tables):
    tables.connection.execute("TRUNCATE json_store, json_store_revision")
    assert both_modes().code == 0
    assert tables.document("settings") == sample("settings")


@pytest.mark.parametrize("text", ["[1, 2]", '"text"', "null", '{"a": ' + "7" * 5000 + "}"])
def test_what_is_no_document_in_postgres_needs_force(tables, text):
    tables.put("settings", text)
    ended = both_modes()
    assert ended.code == 2
    assert ended.report["documents"]["settings"]["reasons"][0]["code"] == "damaged"
    before = tables.connection.execute("SELECT data::text FROM json_store WHERE kind = 'settings'").fetchone()
    assert run("migrate_to_postgres", *HOME, "--apply", "--force").code == 0
    kept = tables.connection.execute(
        "SELECT data::text FROM json_store_revision WHERE kind = 'settings' ORDER BY revision DESC OFFSET 1 LIMIT 1"
    ).fetchone()
    assert kept == before


def test_server_down(tables, monkeypatch, tmp_path):
    reached_by(monkeypatch, make_conninfo(host=str(tmp_path), user="lead", password="hunter2", dbname="store"))
    ended = both_modes()
    assert (ended.code, ended.report["verdict"]) == (1, "failed")
    shown = run("migrate_to_postgres", *HOME)
    for text in (ended.out, shown.out, shown.err, run("export_store").out):
        assert "hunter2" not in text
        assert str(tmp_path) not in text
    assert "PostgreSQL is not running" in " ".join(shown.out.split())


def test_bad_file_is_said_without_the_server(tables, monkeypatch, tmp_path):
    reached_by(monkeypatch, make_conninfo(host=str(tmp_path), dbname="store"))
    assert run("migrate_to_postgres", "--settings-path", SAMPLES / "truncated.json").code == 2


def test_tables_missing(tables, monkeypatch, empty_database):
    reached_by(monkeypatch, empty_database)
    ended = both_modes()
    assert ended.code == 1
    assert "migrate --database store" in ended.report["error"]
    # The dashboard's own table without our column and triggers: no revision would be kept.
    with psycopg.connect(empty_database, autocommit=True) as connection:
        connection.execute(
            "CREATE TABLE json_store (kind varchar(50) PRIMARY KEY, data jsonb NOT NULL, updated_at timestamptz)"
        )
        connection.execute("""INSERT INTO json_store VALUES ('settings', '{"mode": "winter"}')""")
        assert both_modes().code == 1
        assert connection.execute("SELECT count(*) FROM json_store").fetchone() == (1,)


def test_trigger_off(tables):
    tables.connection.execute("ALTER TABLE json_store DISABLE TRIGGER json_store_keep")
    before = tables.everything()
    ended = both_modes()
    tables.connection.execute("ALTER TABLE json_store ENABLE TRIGGER json_store_keep")
    assert ended.code == 1
    assert tables.everything() == before


def test_read_only_server(tables, monkeypatch):
    reached_by(monkeypatch, make_conninfo(tables.dsn, options="-c default_transaction_read_only=on"))
    before = tables.everything()
    ended = both_modes()
    assert ended.code == 1
    assert "read-only" in ended.report["error"]
    assert ended.report["documents"]["settings"]["changes"]
    assert tables.everything() == before
    assert run("export_store", "--stdout").code == 0


@pytest.fixture
def role(tables):
    name = f"weak_{os.getpid()}"
    tables.connection.execute(f"CREATE ROLE {name} LOGIN")
    yield name
    tables.connection.execute(f"REVOKE ALL ON json_store FROM {name}")
    tables.connection.execute(f"DROP ROLE {name}")


@pytest.mark.parametrize("rights", ["", "SELECT", "SELECT, INSERT"])
def test_privilege_missing(tables, monkeypatch, role, rights):
    if rights:
        tables.connection.execute(f"GRANT {rights} ON json_store TO {role}")
    reached_by(monkeypatch, make_conninfo(tables.dsn, user=role))
    before = tables.everything()
    ended = both_modes()
    assert ended.code == 1
    assert "right on json_store" in ended.report["error"]
    assert tables.everything() == before


def test_no_more_rights_than_needed(tables, monkeypatch, role):
    """The rights on the document table are enough; the revision is kept by the trigger's owner."""
    tables.put("settings", {"mode": "winter"})
    tables.connection.execute(f"GRANT SELECT, UPDATE ON json_store TO {role}")
    reached_by(monkeypatch, make_conninfo(tables.dsn, user=role))
    assert both_modes("--force").code == 0
    documents = [document for _revision, document, *_ in tables.revisions("settings")]
    assert documents[0] == sample("settings")
    assert documents[1] == {"mode": "winter"}


def test_locked_row(tables, monkeypatch):
    monkeypatch.setattr(session, "LOCK_SECONDS", 1)
    with psycopg.connect(tables.dsn) as other:
        other.execute("SELECT data FROM json_store WHERE kind = 'state' FOR UPDATE")
        before = tables.everything()
        ended = run("migrate_to_postgres", *HOME, "--apply", "--json")
        assert (ended.code, ended.report["verdict"]) == (1, "failed")
        assert "lock" in ended.report["error"]
        assert tables.everything() == before


def test_trigger_that_changes_what_is_written(tables):
    tables.connection.execute(
        "CREATE FUNCTION meddle() RETURNS trigger LANGUAGE plpgsql AS "
        """$$ BEGIN NEW.data := NEW.data || '{"meddled": true}'; RETURN NEW; END $$"""
    )
    tables.connection.execute(
        "CREATE TRIGGER meddle BEFORE UPDATE ON json_store FOR EACH ROW EXECUTE FUNCTION meddle()"
    )
    try:
        before = tables.everything()
        ended = run("migrate_to_postgres", *HOME, "--apply", "--json")
        assert (ended.code, ended.report["verdict"]) == (1, "failed")
        assert tables.everything() == before
    finally:
        tables.connection.execute("DROP FUNCTION meddle CASCADE")


# --- between the look and the write ---


@pytest.mark.parametrize("changed", ["settings", "state"])
def test_what_changed_since_it_was_shown_is_not_overwritten(tables, changed):
    found = apply.look(tables.dsn, ["settings", "state"])
    tables.put(changed, {"written": "by the dashboard"})
    before = tables.everything()
    with pytest.raises(apply.StoreChanged, match=changed):
        apply.write_documents(tables.dsn, {"settings": {"mode": "summer"}}, found.held, writer="test", reason="")
    assert tables.everything() == before


def test_rewrite_of_the_same_value_is_no_change(tables):
    found = apply.look(tables.dsn, ["settings", "state"])
    tables.put("state", {})
    written = apply.write_documents(tables.dsn, {"settings": {"a": 1}}, found.held, writer="test", reason="")
    assert list(written) == ["settings"]


def test_row_made_meanwhile_is_seen(tables):
    tables.connection.execute("DELETE FROM json_store")
    found = apply.look(tables.dsn, ["settings"])
    tables.put("settings", {"written": "by the dashboard"})
    with pytest.raises(apply.StoreChanged):
        apply.write_documents(tables.dsn, {"settings": {"mode": "summer"}}, found.held, writer="test", reason="")


def test_waiting_for_the_dashboard_sees_what_it_wrote(tables):
    """It holds the lock when we come: what it commits is what we compare with."""
    found = apply.look(tables.dsn, ["settings"])
    with psycopg.connect(tables.dsn) as dashboard:
        dashboard.execute("SELECT data FROM json_store WHERE kind = 'settings' FOR UPDATE")
        outcome = []

        def write():
            try:
                outcome.append(
                    apply.write_documents(tables.dsn, {"settings": {"a": 1}}, found.held, writer="test", reason="")
                )
            except StoreError as error:
                outcome.append(error)

        thread = threading.Thread(target=write)
        thread.start()
        waiting = (
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        )
        while tables.connection.execute(waiting).fetchone() == (0,):
            assert thread.is_alive()
        dashboard.execute("""UPDATE json_store SET data = '{"by": "dashboard"}' WHERE kind = 'settings'""")
        dashboard.commit()
        thread.join(10)
    assert isinstance(outcome[0], apply.StoreChanged)
    assert tables.document("settings") == {"by": "dashboard"}


# --- output ---


def test_json_report(tables):
    report = run("migrate_to_postgres", *HOME, "--json").report
    assert set(report) == {
        "command", "mode", "verdict", "exit_code", "written", "message", "next_step", "error", "documents",
    }  # fmt: skip
    assert (report["command"], report["mode"], report["written"]) == ("migrate_to_postgres", "dry-run", False)
    assert list(report["documents"]) == ["settings", "state"]
    for plan in report["documents"].values():
        assert set(plan) == {
            "path", "verdict", "reasons", "problems", "warnings", "changes", "held", "revision_written",
        }  # fmt: skip
        assert plan["held"]["exists"] is True


def test_secrets_are_masked_everywhere(tables, put_file):
    path = SAMPLES / "fine" / "secrets.json"
    other = put_file(path.read_text().replace("SECRETKEY-off", "SECRETKEY-new"))
    shown = [run("migrate_to_postgres", "--settings-path", path, *extra).out for extra in ([], ["--json"], ["--apply"])]
    for arguments in ([], ["--json"], ["--json", "--force"]):
        shown.append(run("migrate_to_postgres", "--settings-path", other, *arguments).out)
        shown.append(run("export_store", "--settings-path", other, *[a for a in arguments if a == "--json"]).out)
    for text in shown:
        assert "SECRETKEY" not in text
    # The change itself is still seen.
    changes = json.loads(shown[-2])["documents"]["settings"]["changes"]
    assert [(change["path"], change["action"]) for change in changes] == [("ifttt_webhooks.off", "changed")]


def test_nothing_reaches_the_terminal_as_a_command(tables):
    shown = run("migrate_to_postgres", "--settings-path", SAMPLES / "fine" / "odd_keys.json").out
    assert not [char for char in shown if not char.isprintable() and char != "\n"]
    assert "[red]markup[/red]" in shown


def test_numbers_keep_their_digits_in_the_report(tables):
    ended = run("migrate_to_postgres", "--settings-path", SAMPLES / "fine" / "numbers.json", "--json")
    assert '"after": 0.1000000000000000055511151231257827' in ended.out
    assert json.loads(ended.out)


# --- values ---

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=5), inner, max_size=4),
    max_leaves=20,
)  # fmt: skip


@hypothesis_settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.sampled_from(["mode", "winter", "time_windows", "é", "a.b", ""]), json_values, min_size=1))
def test_file_to_table_to_file_keeps_every_value(tables, tmp_path, document):
    there, back = tmp_path / "there.json", tmp_path / "back.json"
    there.write_text(json.dumps(document), encoding="utf-8")
    assert run("migrate_to_postgres", "--settings-path", there, "--apply", "--force").code == 0
    assert tables.document("settings") == document
    back.unlink(missing_ok=True)
    assert run("export_store", "--settings-path", back).code == 0
    assert json.loads(back.read_text(encoding="utf-8")) == document
    again = run("migrate_to_postgres", "--settings-path", back, "--json")
    assert again.report["verdict"] == "same"
