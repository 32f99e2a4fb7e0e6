"""A process that has everything imported and forks workers: a start costs milliseconds, so that a thousand kills fit
into a minute. It has no threads and no connections, so what it forks is as clean as a new process.

`python -m tests.faults.nursery` reads a JSON order a line: {"start": {...}} answers the process number, {"wait": pid} its
exit status (negative: the signal), {"look": pid} the same or null where it lives."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.faults.worker import Job

ROOT = Path(__file__).parents[2]


class Nursery:
    """The harness's end of it."""

    def __init__(self) -> None:
        environment = {name: value for name, value in os.environ.items() if name != "STORE_KILL_AT"}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.nursery"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env=environment,
        )

    def start(self, job: Job) -> int:
        return int(self._ask({"start": asdict(job)}))

    def wait(self, pid: int) -> int:
        """Until it has ended."""
        return int(self._ask({"wait": pid}))

    def look(self, pid: int) -> int | None:
        found: int | None = self._ask({"look": pid})
        return found

    def _ask(self, order: dict[str, Any]) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError("The nursery has ended.")
        return json.loads(answer)

    def close(self) -> None:
        self._process.communicate(timeout=60)


def main() -> None:
    from tests.faults.worker import Job, work

    for line in iter(sys.stdin.readline, ""):
        order = json.loads(line)
        if "start" in order:
            sys.stdout.flush()
            pid = os.fork()
            if pid == 0:
                status = 70
                try:
                    null = os.open(os.devnull, os.O_RDWR)
                    os.dup2(null, 0)
                    os.dup2(null, 1)  # answers are the parent's
                    status = work(Job(**order["start"]))
                except BaseException:
                    import traceback

                    traceback.print_exc()
                finally:
                    os._exit(status)
            answer: int | None = pid
        else:
            pid, waiting = (order["wait"], 0) if "wait" in order else (order["look"], os.WNOHANG)
            ended, status = os.waitpid(pid, waiting)
            answer = os.waitstatus_to_exitcode(status) if ended else None
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
