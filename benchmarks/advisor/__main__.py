"""The public bench of the index advisor: sets of indexes, judged on three workloads by one evaluator.

    .venv/bin/python -m benchmarks.advisor load [tpch] [home] [star] [--scale 0.1]
    .venv/bin/python -m benchmarks.advisor run home advisor extend none --budget .25 --budget .5 --real run
    .venv/bin/python -m benchmarks.advisor run tpch my_indexes.sql --statements --json out.json
    .venv/bin/python -m benchmarks.advisor reach --json reach.json
    .venv/bin/python -m benchmarks.advisor stop [--delete]

A contender is `none`, `extend` (the yardstick), `advisor`, a file of CREATE INDEX statements, or the name of one in `sets/`.
The cluster stays between runs in `--data`. TPC-H needs the program of `pip install tpchgen-cli` (TPCHGEN_CLI names it)."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from benchmarks.advisor.contenders import SIZES, contender
from benchmarks.advisor.evaluate import REAL, Judge, Verdict
from benchmarks.advisor.home import HOME
from benchmarks.advisor.reach import Goal, reach
from benchmarks.advisor.reach import show as show_goals
from benchmarks.advisor.report import as_dict, show
from benchmarks.advisor.server import DEFAULT_DIRECTORY, BenchError, load, open_cluster, stop
from benchmarks.advisor.star import STAR
from benchmarks.advisor.tpch import TPCH, TPCH_ALL
from benchmarks.advisor.trial import ROUNDS
from switchbot_site.local.errors import ClusterError

WORKLOADS = {"tpch": TPCH, "tpch22": TPCH_ALL, "home": HOME, "star": STAR}


def budget(text: str) -> float | None:
    return None if text == "none" else float(text)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="benchmarks.advisor", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=DEFAULT_DIRECTORY, help="directory of the bench's cluster")
    commands = parser.add_subparsers(dest="command", required=True)
    loading = commands.add_parser("load", help="start the cluster and load workloads")
    loading.add_argument("workloads", nargs="*", default=["tpch", "home", "star"], metavar="workload")
    loading.add_argument("--again", action="store_true", help="also where it is loaded already")
    running = commands.add_parser("run", help="judge sets of indexes on a workload")
    running.add_argument("workload", choices=WORKLOADS)
    running.add_argument("contenders", nargs="+", metavar="contender")
    running.add_argument(
        "--budget", type=budget, action="append", help="times the heap, or `none`; may be repeated (default: none)"
    )
    running.add_argument("--sizes", choices=SIZES, default="real", help="what the budget is counted in")
    running.add_argument("--real", choices=REAL, default="no", help="build the indexes, and run the queries, in truth")
    running.add_argument("--rounds", type=int, default=ROUNDS, help="runs of each query; the best counts")
    running.add_argument(
        "--repeat", type=int, default=1, help="ask this many times, and tell whether the answers differ"
    )
    running.add_argument("--statements", action="store_true", help="show the sets")
    running.add_argument("--queries", action="store_true", help="show each query's figures")
    reaching = commands.add_parser("reach", help="hold what the advisor does against what it is to reach")
    reaching.add_argument("contender", nargs="?", default="advisor")
    reaching.add_argument("--workload", choices=["tpch", "home", "star"], help="only this one")
    for command in (loading, running, reaching):
        command.add_argument("--scale", type=float, default=1.0, help="of the data; .1 for a quick look")
    for command in (running, reaching):
        command.add_argument("--json", type=Path, help="write all figures to this file")
    stopping = commands.add_parser("stop", help="stop the cluster")
    stopping.add_argument("--delete", action="store_true", help="and delete its data")
    return parser.parse_args()


def run(options: argparse.Namespace) -> list[Verdict]:
    """Every contender at every budget, on every set of constants; the first set is the one it was asked with."""
    workload = WORKLOADS[options.workload]
    asked = {name: contender(name) for name in options.contenders}
    dsn = load(open_cluster(options.data), workload, options.scale)
    judge = Judge(dsn, workload, options.real, options.rounds)
    verdicts = []
    for name, ask in asked.items():
        for share in options.budget or [None]:
            proposals = [judge.ask(ask, share, options.sizes) for _ in range(options.repeat)]
            if len({one.ddl for one in proposals}) > 1:
                print(f"{name} at budget {share}: {options.repeat} times asked, not the same answer.", file=sys.stderr)
            verdicts += judge.judge(name, share, proposals[0])
    return verdicts


def write(path: Path | None, verdicts: Sequence[Verdict], goals: Sequence[Goal] = ()) -> None:
    if path is not None:
        found = {
            "goals": [{**asdict(goal), "met": goal.met} for goal in goals],
            "verdicts": [as_dict(one) for one in verdicts],
        }
        path.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


def main() -> int:
    options = arguments()
    try:
        if options.command == "load":
            unknown = sorted(set(options.workloads) - set(WORKLOADS))
            if unknown:
                raise BenchError(f"There is no workload {unknown[0]!r}. Known: {', '.join(WORKLOADS)}.")
            cluster = open_cluster(options.data)
            for name in options.workloads:
                print(f"{name}: {load(cluster, WORKLOADS[name], options.scale, again=options.again)}")
        elif options.command == "run":
            verdicts = run(options)
            show(verdicts, statements=options.statements, by_query=options.queries)
            write(options.json, verdicts)
        elif options.command == "reach":
            goals, verdicts = reach(options.data, options.contender, options.scale, options.workload)
            show_goals(goals)
            write(options.json, verdicts, goals)
        else:
            stop(options.data)
            if options.delete:
                shutil.rmtree(options.data, ignore_errors=True)
    except (BenchError, ClusterError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
