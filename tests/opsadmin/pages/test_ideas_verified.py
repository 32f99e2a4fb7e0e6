"""Advice that was verified, on the page "Index ideas"."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from opsadmin.advisor.advice import Measured, Refuted, Verification, Verified
from opsadmin.core.result import plain
from opsadmin.models import OperationRun
from opsadmin.pages import patient
from opsadmin.pages.ideas_kept import QUERIES, WORKLOAD, keep
from opsadmin.pages.ideas_verified import measuring_of, pair_of, with_verified
from tests.opsadmin.faces.people import person
from tests.opsadmin.pages.ideas_advice import advice, recommendation

pytestmark = pytest.mark.django_db(databases=["default", "store"])
PAGE = "/admin/ops/ideas/"
FIGURES = Verified(how="copy", rows_share=0.25, blocks_before=51_000, blocks_after=12, ms_before=90.0, ms_after=0.1)


def verified_advice() -> Any:
    plain_ = advice(2)
    first, second = plain_.recommendations
    statements = (
        Measured(query=0, blocks_before=51_000, blocks_after=12, ms_before=90.0, ms_after=0.1),
        Measured(query=1, blocks_before=40, blocks_after=900, ms_before=1.0, ms_after=9.0, is_worse=True),
        Measured(query=7, why_not="It stands nowhere."),
    )
    return replace(
        plain_,
        recommendations=(replace(first, verified=FIGURES, reason="Measured on a copy."), second),
        refuted=(Refuted(recommendation=recommendation(3), reason="It reads <more> pages.", verified=FIGURES),),
        verification=Verification(
            how="copy",
            seconds=3.2,
            statements=statements,
            samples={"public.orders": 0.25},
            doubts={second.name: "public.recent is a view."},
        ),
    )


def look(client: Client) -> str:
    answer = client.get(PAGE)
    assert answer.status_code == 200
    assert patient.join()
    return answer.text


def run_of(**values: Any) -> OperationRun:
    return OperationRun.objects.create(
        **{
            "operation": "verify_indexes",
            "effect": "writes",
            "database": "store",
            "caller": "anna",
            "door": "page",
            "parameters": {"queries": []},
            "outcome": OperationRun.Outcome.DONE,
            "result": plain(verified_advice()),
            "finished_at": timezone.now(),
            "heartbeat_at": timezone.now(),
            **values,
        }
    )


def test_the_newest_counts() -> None:
    keep("store", WORKLOAD, advice(2), by="bob", key="k", given={"max_size_mb": 5})
    before = {WORKLOAD: None, QUERIES: None}
    run_of(result={"gain": 1})  # of another release
    run_of(outcome=OperationRun.Outcome.FAILED, result=None)
    assert with_verified("store", before) == before
    run = run_of(parameters={"queries": [], "max_size_mb": 5.0, "how": "copy"})
    found = with_verified("store", before)[WORKLOAD]
    assert found is not None
    assert (found.by, found.key, found.given) == ("anna", f"run-{run.pk}", {"max_size_mb": 5.0})
    assert "secret of mine" not in str(found.advice)
    newer = replace(found, taken_at=timezone.now() + timedelta(seconds=5), key="later")
    assert with_verified("store", {WORKLOAD: newer})[WORKLOAD] == newer
    assert with_verified("other", before) == before


def test_what_is_shown() -> None:
    found = measuring_of(plain(verified_advice()))
    assert found is not None
    assert "2 statements were run on copies of the tables" in found.says
    assert "Of large tables a sample: public.orders (25" in found.says
    (refuted,) = found.refuted
    assert (refuted.reason, refuted.pair and refuted.pair.width_before) == ("It reads <more> pages.", "100.0")
    # What is worse off comes first.
    assert [one.note for one in found.lines] == ["worse off with the indexes", ""]
    assert found.left == ()  # the advice has no statement of that number
    assert measuring_of(plain(advice(2))) is None
    endless = pair_of(None, 12)
    assert (endless.before, endless.width_before) == ("no end", "100.0")


@pytest.mark.django_db(databases=["default", "store"], transaction=True)
def test_page(reader: Client, client: Client, sent: Any) -> None:
    keep("store", QUERIES, advice(2), by="bob", key="q", given={"queries": ["SELECT 'secret of mine'"]})
    assert "their constants were not kept" in look(reader)
    given = {"action": "do", "key": "k", "database": "store", "verify": "copy"}
    assert reader.post(PAGE, {**given, "key": "q"}).status_code == 302
    keep("store", WORKLOAD, advice(2), by="bob", key="k", given={"max_size_mb": 5})
    assert "Verify on copies" in look(reader)
    page = reader.post(PAGE, given).text
    assert "256 MB of the tables it is about are copied into temporary tables" in page
    assert 'name="max_size_mb" value="5"' in page
    assert OperationRun.objects.count() == 0
    run = run_of(outcome=OperationRun.Outcome.RUNNING, result=None, finished_at=None)
    page = look(reader)
    assert "Ideas are being verified, asked for by anna" in page
    assert f"?run={run.pk}" in page
    assert "Verify on copies" not in page
    run.delete()
    done = reader.get("/admin/ops/progress/", {"run": run_of().pk}).text
    assert "What was measured is shown with the ideas." in done
    lost = run_of(outcome=OperationRun.Outcome.INTERRUPTED, result=None)
    assert "nothing is left of it" in reader.get("/admin/ops/progress/", {"run": lost.pk}).text
    page = look(reader)
    assert "Ideas are being verified" not in page
    for words in (
        "Refuted: not worth making",
        "It reads &lt;more&gt; pages.",
        "public.recent is a view.",
        "worse off with the indexes",
        "51 000 → 12 pages",
        "Nothing was changed.",
    ):
        assert words in page.replace("\N{NO-BREAK SPACE}", " "), words
    assert "Verify on copies" not in page
    assert "secret of mine" not in page
    client.force_login(person("looker", "opsadmin.view_database"))
    OperationRun.objects.all().delete()
    assert "Verify on copies" not in look(client)
    assert client.post(PAGE, given).status_code == 403
