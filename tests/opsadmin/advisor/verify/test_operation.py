"""The operation, from Python and as a run in the log."""

from __future__ import annotations

import pytest

from opsadmin import api
from opsadmin.core.errors import NotPermitted, OperationError
from opsadmin.core.operation import Caller, Effect
from opsadmin.models import OperationRun
from opsadmin.perform import perform, preview
from tests.opsadmin.advisor.verify.conftest import Trade
from tests.opsadmin.advisor.verify.test_on_copies import BY_CUSTOMER
from tests.opsadmin.workload.conftest import alias_at

pytestmark = pytest.mark.django_db(databases=["default", "store"], transaction=True)


def test_operation(trade: Trade) -> None:
    with alias_at(trade.dsn):
        found = api.verify_indexes(queries=[BY_CUSTOMER])
        assert found.recommendations[0].verified is not None
        run = OperationRun.objects.get()
        assert (run.operation, run.outcome, run.lease) == ("verify_indexes", "done", None)
        assert run.result == found.as_dict()
        assert run.progress["message"] == "Running them without each index."
        with pytest.raises(OperationError, match="how is 'guess'"):
            api.verify_indexes(queries=[BY_CUSTOMER], how="guess")


def test_preview() -> None:
    caller = Caller("anna", "python")
    said = preview("verify_indexes", {"how": "trial", "max_seconds": 3, "max_mb": 2}, caller)
    assert said is not None
    assert "nobody can write to the tables (SHARE lock), for at most 3 s" in " ".join(said.sentences)
    said = preview("verify_indexes", {}, caller)
    assert said is not None
    assert "Nobody has to wait for it" in " ".join(said.sentences)


def test_permission() -> None:
    with pytest.raises(NotPermitted):
        perform(
            "verify_indexes", {}, Caller("bob", "page", may=lambda permission: permission == "opsadmin.view_database")
        )
    with pytest.raises(NotPermitted):
        perform("verify_indexes", {}, Caller("bob", "mcp", reach=Effect.READS))
