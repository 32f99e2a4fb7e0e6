"""The short version of every family of faults: the same code as `make faults`, at a few strikes each."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from tests.faults.__main__ import run
from tests.faults.ledger import BlindJudge, Judge
from tests.faults.registry import families
from tests.faults.server import Server

SHORT = [found for found in families().values() if found.short]


@pytest.fixture
def directory():
    """One that PostgreSQL's user may enter, unlike pytest's own."""
    with tempfile.TemporaryDirectory(prefix="swops-faults-") as name:
        path = Path(name)
        path.chmod(0o755)
        yield path


@pytest.mark.parametrize("name", [found.name for found in SHORT])
def test_family(name, directory):
    """0 lost, 0 twice, no stale read. How long calls take is measured by `make faults`: here other tests share the
    machine, so only a call that hangs counts."""
    family = families()[name]
    result = run(family, family.short, 0, Server.of_the_run(), directory, lambda done: None)
    problems = [text for text in result.problems if not text.startswith(("The longest call", "Calls after"))]
    assert not problems, "\n".join(problems)
    assert (result.lost, result.duplicated, result.stale) == (0, 0, 0)
    assert result.longest < 10
    if not any(note.startswith("Left out") for note in result.notes):
        assert result.times >= family.short
        assert result.acknowledged > 0


class TestJudge:
    """The harness must see what it looks for."""

    @staticmethod
    def told(*ends: str) -> Judge:
        judge = Judge("A0")
        for op, end in enumerate(ends, start=1):
            judge.take(f"b {op} {op}.0")
            if end != "open":
                judge.take(f"{end} {op} {op}.5 error")
        return judge

    @pytest.mark.parametrize(
        "ends, tail, count, found",
        [
            (["a", "a", "a"], [1, 2, 3], 3, (0, 0)),
            (["a", "u", "a"], [1, 2, 3], 3, (1, 0)),  # the unknown one should have been seen by the third
            (["a", "a", "u"], [1, 2, 3], 3, (0, 0)),
            (["a", "a", "u"], [1, 2], 2, (0, 0)),
            (["a", "a", "open"], [1, 2, 3], 3, (0, 0)),
            (["a", "r", "a"], [1, 3], 2, (0, 0)),
            (["a", "a", "r"], [1, 2, 3], 3, (0, 1)),
            (["a", "a", "a"], [1, 2], 2, (1, 0)),
            (["a", "a", "a"], [1, 3], 2, (1, 0)),
            (["a", "a", "a"], [1, 2, 3], 2, (1, 0)),
            (["a", "a", "a"], [1, 2, 3, 3], 4, (0, 1)),
            (["a", "a", "a"], [1, 2, 3], 4, (0, 1)),
            (["a", "a", "a"], [1, 3, 2], 3, (1, 0)),
            (["a", "a", "a"], [], 0, (3, 0)),
        ],
    )
    def test_counts(self, ends, tail, count, found):
        verdict = self.told(*ends).close(count, tail)
        assert (verdict.lost, verdict.duplicated) == found

    def test_a_loss_is_counted_once(self):
        judge = self.told("a", "a", "a")
        judge.see(2, [1, 2])
        judge.take("b 4 4.0")
        judge.take("a 4 4.5 ")
        verdict = judge.close(3, [1, 2, 4])
        assert (verdict.lost, verdict.duplicated, verdict.acknowledged) == (1, 0, 4)

    @pytest.mark.parametrize(
        "ends, there, found",
        [
            (["a", "a"], 2, (0, 0)),
            (["a", "a"], 1, (1, 0)),
            (["a", "u"], 2, (0, 0)),
            (["a", "u"], 1, (0, 0)),
            (["u", "a"], 1, (1, 0)),  # it came late, over an acknowledged one
            (["a", "r"], 2, (0, 1)),
        ],
    )
    def test_blind_writes(self, ends, there, found):
        judge = BlindJudge("blind")
        for op, end in enumerate(ends, start=1):
            judge.take(f"b {op} {op}.0")
            judge.take(f"{end} {op} {op}.5 ")
        verdict = judge.close(0, [there])
        assert (verdict.lost, verdict.duplicated) == found
