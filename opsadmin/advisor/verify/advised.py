"""Advice that was verified before it is given: what does not hold is taken out, and the costs are reckoned without it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace

from opsadmin.advisor.advice import Advice, Recommendation, Refuted
from opsadmin.advisor.advise import Judge
from opsadmin.advisor.verify.ddl import index_on
from opsadmin.advisor.verify.request import Request
from opsadmin.advisor.verify.verdict import Judged
from opsadmin.advisor.verify.verifier import Outcome, verify


def verified(advised: Callable[[Judge], Advice], request: Request) -> Advice:
    """`advised`: makes the advice, asking what it is given.

    Raises `OperationFailed`, `Stopped`."""
    outcome = Outcome()
    first: list[Advice] = []

    def judge(advice: Advice) -> Collection[int]:
        nonlocal outcome
        first.append(advice)
        outcome = verify(advice, request)
        return outcome.refuted

    advice = advised(judge)
    before = first[0].recommendations
    found = {_what(before[number]): one for number, one in outcome.judged.items()}
    return replace(
        advice,
        recommendations=tuple(_with(one, found[_what(one)]) for one in advice.recommendations),
        refuted=tuple(
            Refuted(
                recommendation=before[number],
                reason=outcome.judged[number].reason,
                verified=outcome.judged[number].verified,
            )
            for number in sorted(outcome.refuted)
        ),
        verification=outcome.verification,
    )


def _what(one: Recommendation) -> str:
    """The index, whatever it is called."""
    return index_on(one.ddl, "index", one.table)


def _with(one: Recommendation, judgement: Judged) -> Recommendation:
    if judgement.verified is None:
        return one
    return replace(one, verified=judgement.verified, reason=f"{judgement.reason} {one.reason}")
