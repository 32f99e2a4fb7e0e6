"""Several connections that plan at the same time: while one waits for the server, another is asked.

Which statement is planned on which connection never depends on the time: among plans that cost the same the server's choice
depends on what the connection was asked before, and an advice is to be the same each time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Generic, TypeVar

Line = TypeVar("Line")


class Lines(Generic[Line]):
    """`first`: the one that is used where nothing else is said."""

    def __init__(self, first: Line) -> None:
        self.all: list[Line] = [first]
        self._threads = threading.local()
        #: For what all share, and must ask for once only.
        self.lock = threading.RLock()

    @property
    def mine(self) -> Line:
        """That of the thread that asks."""
        line: Line = getattr(self._threads, "line", self.all[0])
        return line

    def each(self, numbers: Sequence[int], work: Callable[[int], None]) -> None:
        """Do the work for every number: those of each line one after the other, in their order.

        Raises what the first of them raised, after the others have stopped."""
        parts = [numbers[place :: len(self.all)] for place in range(len(self.all))]
        busy = [(line, part) for line, part in zip(self.all, parts, strict=True) if part]
        failed = threading.Event()
        errors: list[BaseException | None] = [None] * len(busy)

        def run(place: int) -> None:
            line, part = busy[place]
            try:
                with self._on(line):
                    for number in part:
                        if failed.is_set():
                            return
                        work(number)
            except BaseException as error:  # told to whoever waits
                errors[place] = error
                failed.set()

        threads = [threading.Thread(target=run, args=(place,), daemon=True) for place in range(1, len(busy))]
        for thread in threads:
            thread.start()
        if busy:
            run(0)
        for thread in threads:
            thread.join()
        for error in errors:
            if error is not None:
                raise error

    @contextmanager
    def _on(self, line: Line) -> Iterator[None]:
        self._threads.line = line
        try:
            yield
        finally:
            del self._threads.line
