"""What a worker says about its writes, and what that proves.

A worker owns a slot of the document: a count and the numbers of its last writes. Before each call it notes the number
(`b`), inside the transaction what it reads of its slot (`s`) and when its own part ends (`e`), afterwards how the call ended: `a` acknowledged, `r`
refused (an error that promises that nothing was written), `u` unknown (`CommitUnknown`). Lines go straight to the
kernel, so a SIGKILL loses none. A call without an end is one that was in flight at the kill.

Each read must show exactly the acknowledged writes, in order, and of the others at most those that were open: so each
write checks all before it, not only the last one."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

#: How many numbers a slot keeps in the document. Between two looks only one call of its worker ends.
TAIL = 8


class Ledger:
    """The file `path`, for one worker."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)

    def begin(self, op: int) -> None:
        self._say(f"b {op} {monotonic():.6f}")

    def seen(self, op: int, count: int, tail: list[int]) -> None:
        self._say(f"s {op} {count} {','.join(map(str, tail))} {monotonic():.6f}")

    def block_over(self, op: int) -> None:
        self._say(f"e {op} {monotonic():.6f}")

    def end(self, what: str, op: int, more: str = "") -> None:
        self._say(f"{what} {op} {monotonic():.6f} {more}")

    def _say(self, line: str) -> None:
        os.write(self._file, (line.replace("\n", " ") + "\n").encode())


@dataclass(frozen=True)
class Call:
    """One wait of a caller. The beginning and the end of a transaction are a call each; `outcome` is the end's."""

    began: float
    ended: float
    outcome: str = ""
    error: str = ""

    @property
    def seconds(self) -> float:
        return self.ended - self.began


@dataclass
class Verdict:
    """`lost`: acknowledged and not there. `duplicated`: there twice, or there though it was refused (its writer will
    write it again). `unknown`: calls whose end is not known; `landed` of them are there."""

    acknowledged: int = 0
    refused: int = 0
    unknown: int = 0
    landed: int = 0
    lost: int = 0
    duplicated: int = 0
    problems: list[str] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)


class Judge:
    """Reads one slot's ledger. `see` also takes what the document holds at the end."""

    def __init__(self, slot: str) -> None:
        self.slot = slot
        self.verdict = Verdict()
        self.last = 0  # the highest number used
        self._present: list[int] = []
        self._there: set[int] = set()
        self._ends: dict[int, str] = {}
        self._began = 0.0
        self._shift = 0  # by what already counted losses the count differs

    def read(self, path: Path) -> None:
        if path.exists():
            for line in path.read_text().splitlines():
                self.take(line)

    def take(self, line: str) -> None:
        what, number, rest = line.split(" ", 2)
        op = int(number)
        self.last = max(self.last, op)
        if what == "b":
            self._ends[op] = "open"
            self._began = float(rest)
        elif what == "s":
            count, tail, at = rest.split(" ")
            self.verdict.calls.append(Call(self._began, float(at)))
            self._began = float(at)
            self.see(int(count), [int(found) for found in tail.split(",")] if tail else [])
        elif what == "e":
            self._began = float(rest)
        else:
            self._ends[op] = what
            at, _, error = rest.partition(" ")
            self.verdict.calls.append(Call(self._began, float(at), what, error))
            if what == "a":
                self.verdict.acknowledged += 1
                self._add(op)
            elif what == "r":
                self.verdict.refused += 1

    def _add(self, op: int) -> None:
        self._present.append(op)
        self._there.add(op)

    def see(self, count: int, tail: list[int]) -> None:
        for op in tail:
            if op not in self._there:
                if self._ends.get(op) == "r":
                    self._problem("duplicated", 1, f"write {op} was refused, but is there")
                self.verdict.landed += 1
                self._add(op)
        expected = self._present[-TAIL:]
        if tail == expected and count == len(self._present) + self._shift:
            return
        missing = [op for op in expected[-len(tail) :] if op not in tail] if tail else expected
        off = count - len(self._present) - self._shift
        lost = max(len(missing), -off)
        twice = max(len(tail) - len(set(tail)), off)
        seen = f"sees {tail} and a count of {count}, not {expected} and {len(self._present) + self._shift}"
        if lost > 0:
            self._problem("lost", lost, f"{seen}; missing {missing}")
        elif twice > 0:
            self._problem("duplicated", twice, seen)
        else:
            self._problem("lost", 1, f"{seen}: another order")
        self._present = list(tail)  # go on from here
        self._shift = count - len(tail)

    def _problem(self, what: str, number: int, text: str) -> None:
        setattr(self.verdict, what, getattr(self.verdict, what) + number)
        self.verdict.problems.append(f"{self.slot}: {text}")

    def close(self, count: int, tail: list[int]) -> Verdict:
        self.see(count, tail)
        self.verdict.unknown = sum(1 for end in self._ends.values() if end in ("open", "u"))
        return self.verdict


class BlindJudge(Judge):
    """Of a slot whose document is replaced whole by each write: what is there must be the last acknowledged write, or
    an open one that came after it."""

    def __init__(self, slot: str) -> None:
        super().__init__(slot)
        self._latest = 0

    def _add(self, op: int) -> None:
        self._latest = op

    def see(self, count: int, tail: list[int]) -> None:
        found = tail[-1] if tail else 0
        if found == self._latest:
            return
        end = self._ends.get(found)
        if found > self._latest and end in ("open", "u"):
            self.verdict.landed += 1
        elif found > self._latest and end == "r":
            self._problem("duplicated", 1, f"write {found} was refused, but is there")
        else:
            self._problem("lost", 1, f"sees {found}, but {self._latest} was acknowledged")
        self._latest = found
