"""The one way that every door takes: permission, confirmation, the log of runs."""

from dataclasses import dataclass

import pytest
from django.db import DatabaseError, OperationalError

from opsadmin import log
from opsadmin.core import operation as core
from opsadmin.core.errors import (
    NotConfirmed,
    NotPermitted,
    OperationError,
    OperationFailed,
    UnknownOperation,
)
from opsadmin.core.operation import Caller, Effect, Preview, Progress, operation
from opsadmin.core.params import OnDatabase, parameter
from opsadmin.log import finished, started
from opsadmin.models import OperationRun
from opsadmin.perform import find, load, perform, prepare, preview

pytestmark = pytest.mark.django_db

CALLER = Caller("ada", "http", "192.0.2.1")


@dataclass(frozen=True)
class Drop(OnDatabase):
    name: str = parameter(help="What.")


@pytest.fixture
def drop(monkeypatch):
    """An operation that destroys: it fails by the name it is given."""
    load()  # before the copy: what is imported later would register in the copy alone
    monkeypatch.setattr(core, "_operations", dict(core._operations))

    def what(parameters, call):
        return Preview((f"{parameters.name} would be gone.",), sql=f"DROP TABLE {parameters.name}")

    @operation(
        "drop_it",
        title="Drop",
        summary="Drop it.",
        group="test",
        parameters=Drop,
        effect=Effect.DESTROYS,
        permission="opsadmin.drop",
        preview=what,
    )
    def run(parameters, call):
        call.report(Progress(1, 2, "half"))
        if parameters.name == "down":
            raise OperationalError("connection to server at 192.0.2.7, password=secret failed")
        if parameters.name == "broken":
            raise ZeroDivisionError
        return {"dropped": parameters.name}

    return run


def test_a_run_is_kept_with_who_from_where_and_how_it_ended(drop):
    seen = []
    assert perform("drop_it", {"name": "t"}, CALLER, confirmed=True, report=seen.append) == {"dropped": "t"}
    run = OperationRun.objects.get()
    assert (run.operation, run.effect, run.caller, run.door, run.address) == (
        "drop_it",
        "destroys",
        "ada",
        "http",
        "192.0.2.1",
    )
    assert (run.parameters, run.outcome, run.result) == (
        {"name": "t", "database": ""},
        "done",
        {"dropped": "t"},
    )
    assert run.elapsed_ms >= 0
    assert seen == [Progress(1, 2, "half")]


def test_statements_are_kept_without_their_constants(db):
    verify = find("verify_indexes")
    statement = "SELECT * FROM person WHERE name = 'Anna' AND age > 3"
    run = started(verify, prepare(verify, {"queries": [statement]}, CALLER), CALLER)
    finished(
        run, seconds=1, result={"ddl": "CREATE INDEX ON person (age) WHERE kind = 'x'", "queries": [{"sql": statement}]}
    )
    run = OperationRun.objects.get()
    assert run.parameters["queries"] == ["SELECT * FROM person WHERE name = '***' AND age > 3"]
    assert run.result["queries"] == [{"sql": "SELECT * FROM person WHERE name = '***' AND age > 3"}]
    assert run.result["ddl"].endswith("kind = 'x'"), "it is what makes the index again"


def test_what_destroys_waits_for_a_yes(drop):
    with pytest.raises(NotConfirmed):
        perform("drop_it", {"name": "t"}, CALLER)
    assert preview("drop_it", {"name": "t"}, CALLER).sql == "DROP TABLE t"
    assert not OperationRun.objects.exists()


def test_who_may_not_is_told_the_permission(drop):
    stranger = Caller("eve", "http", may=lambda permission: False)
    for ask in (preview, perform):
        with pytest.raises(NotPermitted, match="opsadmin.drop"):
            ask("drop_it", {"name": "t"}, stranger)


def test_a_database_error_becomes_a_sentence_without_its_address(drop):
    with pytest.raises(OperationFailed) as caught:
        perform("drop_it", {"name": "down"}, CALLER, confirmed=True)
    assert caught.value.message == "PostgreSQL does not answer."
    run = OperationRun.objects.get()
    assert (run.outcome, run.error) == ("failed", "PostgreSQL does not answer.")


def test_a_fault_of_ours_is_kept_and_raised(drop):
    with pytest.raises(ZeroDivisionError):
        perform("drop_it", {"name": "broken"}, CALLER, confirmed=True)
    assert OperationRun.objects.get().error == "ZeroDivisionError"


def test_a_log_that_cannot_be_written_stops_nothing(drop, monkeypatch):
    def refuse(self, *args, **kwargs):
        raise DatabaseError("disk full")

    monkeypatch.setattr(log.OperationRun, "save", refuse)
    assert perform("drop_it", {"name": "t"}, CALLER, confirmed=True) == {"dropped": "t"}


def test_unknown_names_and_databases_say_what_there_is():
    with pytest.raises(UnknownOperation) as caught:
        perform("no_such", {}, CALLER)
    assert "analyze_db_health" in caught.value.allowed
    with pytest.raises(OperationError) as wrong:
        perform("analyze_db_health", {"database": "default"}, CALLER)
    assert wrong.value.allowed == ("store",)


def test_an_operation_that_changes_something_needs_a_permission_of_its_own():
    with pytest.raises(ValueError, match="permission of its own"):
        operation("careless", title="", summary="", group="test", parameters=OnDatabase, effect=Effect.WRITES)(
            lambda parameters, call: None
        )
