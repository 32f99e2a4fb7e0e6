"""Every way a store can fail. All of them are `StoreError`, on either backend, so a caller that handles one
backend's outage handles the other's. Messages are for a person: what is wrong, where, what to do next; they
never hold a DSN or a password."""

from __future__ import annotations

from dataclasses import dataclass


class StoreError(Exception):
    """The store could not do what was asked."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or (self.__doc__ or "").strip().splitlines()[0])


class StoreUnavailable(StoreError):
    """The store does not answer. Nothing was written; the same call may work later."""


class StoreBusy(StoreUnavailable):
    """Another writer holds the document's lock for longer than the deadline. Nothing was written."""


class StoreReadOnly(StoreUnavailable):
    """The store answers but takes no writes (a read-only transaction or file system). Nothing was written."""


class StoreFenced(StoreUnavailable):
    """This write belongs to a time before the last switch of its host; nothing was written."""


class CommitUnknown(StoreError):
    """The line broke during COMMIT: the write is either done or not. `token` finds it in json_store_revision."""

    def __init__(self, message: str | None = None, *, token: str | None = None) -> None:
        super().__init__(message)
        self.token = token


class StoreMisconfigured(StoreError):
    """The store's configuration cannot work: wrong address, role, password or missing table."""


@dataclass(frozen=True)
class Problem:
    """One thing wrong with a document: `path` as `winter.min_temp` or `time_windows[0].start` ("" is the whole
    document), `message` a sentence, `line` and `column` (from 1) where the text is known."""

    path: str
    message: str
    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        where = f"line {self.line}, column {self.column}: " if self.line is not None else ""
        name = f"{self.path}: " if self.path else ""
        return f"{where}{name}{self.message}"


class DocumentError(StoreError):
    """The document cannot be stored or read as it is; `problems` lists every reason. Nothing was written."""

    def __init__(self, problems: list[Problem] | str, *, source: str = "") -> None:
        self.problems = [Problem("", problems)] if isinstance(problems, str) else list(problems)
        self.source = source
        text = "; ".join(str(problem) for problem in self.problems)
        super().__init__(f"{source}: {text}" if source else text)


class DocumentDamaged(DocumentError):
    """What the store holds is not a readable document (torn file, not an object). It is kept as it is."""
