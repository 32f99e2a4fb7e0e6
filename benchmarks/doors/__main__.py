"""Every operation through every door, on the sample home under load: how it ended, milliseconds (median), bytes, and whether
the doors agree.

    .venv/bin/python -m benchmarks.doors [--rounds 3] [--only WORD] [--transcript DIR] [--json]

The sample home is the one of `make run`, served by gunicorn in a directory of its own that is gone afterwards. The doors are
compared first, while nothing but a session that waits for a lock goes on; then they are timed while processes write
through the stores and others send slow statements."""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import Any

import psycopg
from rich.console import Console
from rich.table import Table

from benchmarks.doors.calls import Sample, samples, without_sample
from benchmarks.doors.site import Site, blocked_session, load, sample_home

WRITERS, READERS = 2, 2
#: Calls that must end otherwise than done.
EXPECTED = {"refused": "SqlRefused", "wrong": "SqlWrong", "over already": "OperationError"}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3, help="Calls under load, of which the median is told.")
    parser.add_argument("--only", default="", metavar="WORD", help="Operations with this in their name.")
    parser.add_argument("--transcript", type=Path, metavar="DIR", help="Write every request and answer there.")
    parser.add_argument("--json", action="store_true", help="Print the figures as JSON.")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # the site stops in order then, too
    with tempfile.TemporaryDirectory(prefix="swops-doors-") as directory, sample_home(Path(directory)) as site:
        os.environ.update(site.environment)
        import django

        django.setup()
        with ExitStack() as at_end:
            rows = tried(site, options, at_end)
    show(rows, as_json=options.json)
    return int(any(row["problem"] for row in rows))


def tried(site: Site, options: argparse.Namespace, at_end: ExitStack) -> list[dict[str, Any]]:
    """A row for each call and door."""
    from benchmarks.doors import ways
    from opsadmin.perform import operations

    known = {one.name for one in operations()}
    wanted = [one for one in samples(site.dsn, conflicts()) if one.name in known and options.only in one.name]
    if missing := without_sample(sorted(known), samples(site.dsn, iter(()))):
        raise SystemExit(f"benchmarks/doors/calls.py asks for none of: {', '.join(missing)}.")
    loop = ways.Loop()
    doors = [
        ways.Python(),
        ways.Command(site),
        ways.Http(site, at_end),
        ways.mcp_stdio(site, loop, at_end),
        ways.mcp_http(site, loop, at_end),
        ways.Page(site, at_end),
    ]
    transcript = Transcript(options.transcript, site)
    at_end.enter_context(blocked_session(site.dsn))
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for sample, door, first, answer in answers(wanted, doors):
        rows[sample.title, door] = {
            "call": sample.title,
            "door": door,
            "outcome": answer.outcome,
            "bytes": answer.size,
            "problem": problem(first, answer, sample, exactly=not sample.differs),
            "times": [],
        }
    with load(site, WRITERS, READERS):
        for number in range(options.rounds):
            for sample, door, first, answer in answers(wanted, doors):
                row = rows[sample.title, door]
                row["times"].append(answer.ms)
                if found := problem(first, answer, sample, exactly=False):
                    row["problem"] = row["problem"] or f"under load: {found}"
                if not number:
                    transcript.keep(sample, door, answer)
    for row in rows.values():
        row["ms"] = round(median(row.pop("times") or [0.0]), 1)
    return list(rows.values())


def answers(wanted: list[Sample], doors: list[Any]) -> Iterator[tuple[Sample, str, Any, Any]]:
    """Each call by each door that takes it: the first door's answer, and this one's."""
    from opsadmin.perform import find

    for sample in wanted:
        first = None
        for door in doors:
            with sample.call() as given:
                answer = door.ask(find(sample.name), given, preview=sample.preview)
            if answer is not None:
                first = first or answer
                yield sample, door.name, first, answer


def problem(first: Any, answer: Any, sample: Sample, *, exactly: bool) -> str:
    """What is wrong with an answer, empty where all is well: no answer at all, or another one than at the first door."""
    from benchmarks.doors.agree import difference

    expected = EXPECTED.get(sample.what, "preview" if sample.preview else "done")
    if answer.outcome != expected and not (sample.what in EXPECTED and answer.by_words):
        return f"{answer.outcome}: {answer.result}"
    return "" if answer is first else difference(first, answer, exactly=exactly)


def conflicts() -> Iterator[str]:
    """Conflicts of the sample home, made as they come about: this host goes over to its copies, both sides change the same
    settings, and it comes back."""
    from opsadmin import api
    from stores import get_store
    from stores.registry import store_dsn

    for batch in range(100):
        names = [f"doors_{batch}_{number}" for number in range(12)]
        api.call("switch_store", to="filesystem", reason="conflicts for a transcript")
        with get_store("settings").transaction() as inside:
            inside.write({**inside.read(), **dict.fromkeys(names, "ours")})
        with psycopg.connect(store_dsn()) as connection:
            connection.execute(
                "UPDATE json_store SET data = data || %s, updated_at = now() WHERE kind = 'settings'",
                [json.dumps(dict.fromkeys(names, "theirs"))],
            )
        api.call("switch_store", to="postgres", reason="conflicts for a transcript")
        found = [one.id for one in api.call("list_conflicts")]
        if not found:
            raise SystemExit("Both sides changed the same settings, and no conflict came of it.")
        yield from found


class Transcript:
    """Requests and answers as files, without secrets."""

    def __init__(self, directory: Path | None, site: Site) -> None:
        self.directory = directory
        self.site = site
        if directory is not None:
            directory.mkdir(parents=True, exist_ok=True)

    def keep(self, sample: Sample, door: str, answer: Any) -> None:
        if self.directory is None:
            return
        name = re.sub(r"\W+", "_", f"{sample.title} {door}").strip("_").lower()
        text = f"{answer.request}\n\n{'-' * 80}\n{answer.text}\n"
        (self.directory / f"{name}.txt").write_text(self.masked(text), encoding="utf-8")

    def masked(self, text: str) -> str:
        for secret in self.site.secrets:
            text = text.replace(secret, "****")
        text = re.sub(r'(name="(?:csrfmiddlewaretoken|_form)" value=)"[^"]*"', r'\1"****"', text)
        return text.replace(str(self.site.var), "var").replace(self.site.url, "http://127.0.0.1:8000")


def show(rows: list[dict[str, Any]], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(rows, indent=1))
        return
    doors = list(dict.fromkeys(row["door"] for row in rows))
    table = Table(title="Each operation by each door: ms (median) / kB of the answer", title_justify="left")
    table.add_column("call")
    table.add_column("outcome")
    for door in doors:
        table.add_column(door, justify="right")
    for call in dict.fromkeys(row["call"] for row in rows):
        found = {row["door"]: row for row in rows if row["call"] == call}
        cells = [
            f"{row['ms']:.0f} / {row['bytes'] / 1000:.1f}{' !' if row['problem'] else ''}" if row else "-"
            for row in map(found.get, doors)
        ]
        table.add_row(call, next(iter(found.values()))["outcome"], *cells)
    console = Console(width=None if sys.stdout.isatty() else 160)
    console.print(table)
    wrong = [row for row in rows if row["problem"]]
    for row in wrong:
        console.print(f"! {row['call']} by {row['door']}: {row['problem']}", markup=False)
    console.print(
        f"{len(doors)} doors, {len({row['call'] for row in rows})} calls of "
        f"{len({row['call'].split(' ')[0] for row in rows})} operations, {len(rows)} pairs; "
        + (f"{len(wrong)} do not agree." if wrong else "all agree.")
    )


if __name__ == "__main__":
    sys.exit(main())
