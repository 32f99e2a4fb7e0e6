"""The operator's switch between PostgreSQL and the JSON copies, and the way back of what the copies have gathered.

Each has a preview that changes nothing. Values in every answer are masked: it may be shown as it is."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, get_args

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from stores import conflicts, registry, timeline
from stores.backends.failover import FailoverStore, ResyncReport
from stores.backends.failover.mode import Backend, Mode
from stores.backends.protocol import KINDS
from stores.comparison import Comparison, compare, copy_of, rows
from stores.errors import StoreError, StoreMisconfigured, StoreUnavailable
from stores.sync.masking import masked_report
from stores.sync.merge import Strategy
from stores.writer import writing_as

BACKENDS: tuple[Backend, ...] = get_args(Backend)
STRATEGIES: tuple[Strategy, ...] = get_args(Strategy)
LONGEST_REASON = 200
#: How long an operation may hold the host's writes up, at most.
SECONDS = 10.0


class ReasonMissing(StoreError):
    """A switch needs a reason: whoever finds the host so later wants to know why."""


@dataclass(frozen=True)
class SwitchPreview:
    """What a switch would do now. `sentences` say it; `blockers` say what keeps it from being done. `changes` False:
    there is nothing to do. `postgres_error`: why PostgreSQL could not be asked; "" where it answered. `resync`: what
    the copies would bring back, on the way to PostgreSQL."""

    to: Backend
    mode: Mode
    changes: bool
    documents: tuple[Comparison, ...]
    postgres_error: str
    sentences: tuple[str, ...]
    blockers: tuple[str, ...]
    resync: ResyncReport | None = None

    @property
    def needs_decision(self) -> bool:
        """Whether a strategy has to be chosen first."""
        return self.resync is not None and bool(self.resync.stopped)

    def as_dict(self) -> dict[str, Any]:
        return {
            "to": self.to,
            "mode": self.mode.as_dict(),
            "changes": self.changes,
            "documents": {document.kind: document.as_dict() for document in self.documents},
            "postgres_error": self.postgres_error,
            "sentences": list(self.sentences),
            "blockers": list(self.blockers),
            "resync": self.resync.as_dict() if self.resync else None,
        }


@dataclass(frozen=True)
class SwitchReport:
    """What a switch did. `before` and `after` are equal where there was nothing to do, or where a person must decide
    first (`resync.stopped`). `problems`: what could not be done besides, in sentences."""

    before: Mode
    after: Mode
    resync: ResyncReport | None
    elapsed_ms: float
    problems: tuple[str, ...] = ()

    @property
    def changed(self) -> bool:
        return (self.before.backend, self.before.automatic) != (self.after.backend, self.after.automatic)

    @property
    def stopped(self) -> str:
        """Why a person must decide first; "" else."""
        return self.resync.stopped if self.resync is not None and not self.resync.applied else ""

    def as_dict(self) -> dict[str, Any]:
        return {
            "before": self.before.as_dict(),
            "after": self.after.as_dict(),
            "changed": self.changed,
            "resync": self.resync.as_dict() if self.resync else None,
            "elapsed_ms": round(self.elapsed_ms, 1),
            "problems": list(self.problems),
        }


def mode() -> Mode:
    """Where this host's documents live now. Raises `StoreError`."""
    return registry.host().mode()


def checked_reason(reason: str) -> str:
    """The reason without blanks around it. Raises `ReasonMissing` where there is none, or too long a one."""
    reason = " ".join(reason.split())
    if not reason:
        raise ReasonMissing(_("A switch needs a reason. Say in a few words why it is made."))
    if len(reason) > LONGEST_REASON:
        raise ReasonMissing(
            _("The reason has %(length)d characters; %(most)d are the most. Say it shorter.")
            % {"length": len(reason), "most": LONGEST_REASON}
        )
    return reason


# --- switching ------------------------------------------------------------------------------------------------------
def preview_switch(to: Backend, strategy: Strategy = "rules") -> SwitchPreview:
    """What `switch` would do now; changes nothing. Raises `StoreMisconfigured` for an unknown backend, and `StoreError`
    where the host's own files cannot be read."""
    _check(to, strategy)
    _stores()
    now = mode()
    documents, error = compare()
    if to == "filesystem":
        return _preview_to_filesystem(now, documents, error)
    return _preview_to_postgres(now, documents, error, strategy)


def _preview_to_filesystem(now: Mode, documents: tuple[Comparison, ...], error: str) -> SwitchPreview:
    sentences: list[str] = []
    blockers: list[str] = []
    if now.backend == "filesystem" and not now.automatic:
        sentences.append(_("Nothing would be done: an operator has switched this host to the JSON copies already."))
    elif now.backend == "filesystem":
        sentences.append(
            _(
                "The host is on its JSON copies already, by itself. It would stay there and no longer look for "
                "PostgreSQL's return, until somebody switches back."
            )
        )
    else:
        sentences.append(
            _("Writes that are under way end first; then all processes of this host use the JSON copies at once.")
        )
        if error:
            sentences.append(_("PostgreSQL does not answer, so the copies start from what was last seen of it."))
            blockers = [
                _("There is neither a copy of %(kind)s nor anything known of it.") % {"kind": found.kind}
                for found in documents
                if found.known_revision is None and not found.exists
            ]
        else:
            sentences.append(_("The copies start from what PostgreSQL holds at that moment."))
        sentences += [
            _("%(path)s was changed by another program; that change is kept beside it and does not go on.")
            % {"path": found.path}
            for found in documents
            if found.foreign and found.same is False
        ]
        sentences.append(
            _(
                "PostgreSQL is left as it is. Other programs that write there do so unseen, until the switch back "
                "brings both sides together. The host does not return by itself."
            )
        )
    changes = now.backend != "filesystem" or now.automatic
    return SwitchPreview("filesystem", now, changes, documents, error, tuple(sentences), tuple(blockers))


def _preview_to_postgres(now: Mode, documents: tuple[Comparison, ...], error: str, strategy: Strategy) -> SwitchPreview:
    if now.backend == "postgres":
        sentence = _("Nothing would be done: this host is on PostgreSQL already.")
        return SwitchPreview("postgres", now, False, documents, error, (sentence,), ())
    if error:
        blocker = _("PostgreSQL does not answer, so nothing can be brought back: %(error)s") % {"error": error}
        return SwitchPreview("postgres", now, True, documents, error, (), (blocker,))
    try:
        report = preview_resync(strategy)
    except StoreError as failure:
        return SwitchPreview("postgres", now, True, documents, str(failure), (), (str(failure),))
    sentences = [*resync_sentences(report)]
    if not report.stopped:
        sentences.append(_("Then all processes of this host use PostgreSQL at once."))
    blockers = (report.stopped,) if report.stopped else ()
    return SwitchPreview("postgres", now, True, documents, "", tuple(sentences), blockers, report)


def switch(
    to: Backend, reason: str, who: str, *, strategy: Strategy = "rules", seconds: float = SECONDS
) -> SwitchReport:
    """Switch this host, all its processes, to the backend `to`. `strategy` decides what both sides changed. Where the
    host is there already nothing is done, but a host that fell over by itself stays on its copies from now on.

    Raises `ReasonMissing` and another `StoreError`; then the host stays where it is."""
    _check(to, strategy)
    reason = checked_reason(reason)
    started = time.monotonic()
    _stores()
    before = mode()
    if to == "filesystem":
        report, problems = None, _to_filesystem(before, reason, who, seconds)
    else:
        report, problems = _to_postgres(before, reason, who, strategy, seconds), ()
    timeline.collect_switches()
    return SwitchReport(before, mode(), report, (time.monotonic() - started) * 1000, problems)


def _to_filesystem(before: Mode, reason: str, who: str, seconds: float) -> tuple[str, ...]:
    if before.backend == "filesystem" and not before.automatic:
        return ()
    registry.host().to_filesystem(reason, who[:150], _look_once_more, seconds)
    return _enter()


def _look_once_more(now: Mode) -> None:
    """See what PostgreSQL holds while nobody of this host writes: the copies start from that. Where it does not answer
    they start from what was seen of it last. Raises `StoreUnavailable` where that is nothing."""
    host = registry.host()
    try:
        # Calls wait meanwhile, each for no longer than the deadline.
        for kind, row in rows(settings.STORE_DEADLINE_SECONDS / 2).items():
            host.known(kind).offer(row.revision, row.text)
    except StoreError as error:
        for kind in KINDS:
            if host.known(kind).latest() is None and not registry.store_for(kind).copy.exists():
                raise StoreUnavailable(
                    _(
                        "The host was not switched: PostgreSQL does not answer, and this host has no copy of %(kind)s "
                        "(it would be %(path)s). %(error)s"
                    )
                    % {"kind": kind, "path": copy_of(kind), "error": error}
                ) from None


def _enter() -> tuple[str, ...]:
    """Make the copies files that the dashboard can read now, not only at the first call."""
    problems = []
    for kind in KINDS:
        try:
            registry.store_for(kind).read()
        except StoreError as error:
            problems.append(_("The copy of %(kind)s could not be made: %(error)s") % {"kind": kind, "error": error})
    return tuple(problems)


def _to_postgres(before: Mode, reason: str, who: str, strategy: Strategy, seconds: float) -> ResyncReport | None:
    if before.backend == "postgres":
        return None
    return _resync(strategy, reason, who, to_postgres=True, seconds=seconds)


# --- bringing back --------------------------------------------------------------------------------------------------
def preview_resync(strategy: Strategy = "rules") -> ResyncReport:
    """What `resync` would do now; changes nothing. On PostgreSQL it compares. Raises `StoreError` where PostgreSQL does
    not answer."""
    _check("postgres", strategy)
    _stores()
    return masked_report(registry.store_for(KINDS[0]).resync(apply=False, strategy=strategy, seconds=SECONDS))


def resync(
    strategy: Strategy = "rules",
    reason: str = "",
    who: str = "",
    to_postgres: bool | None = None,
    *,
    seconds: float = SECONDS,
) -> ResyncReport:
    """Bring what the copies have gathered into PostgreSQL. `to_postgres`: go back to it; None: where the host came to
    its copies by itself, and not where an operator has switched it (`switch` is the way back from there).

    Raises `StoreError`; then both sides are as they were. A report with `stopped` says what to decide first."""
    _check("postgres", strategy)
    _stores()
    now = mode()
    goes_back = now.automatic if to_postgres is None else to_postgres
    report = _resync(strategy, " ".join(reason.split())[:LONGEST_REASON], who, to_postgres=goes_back, seconds=seconds)
    timeline.collect_switches()
    return report


def _resync(strategy: Strategy, reason: str, who: str, *, to_postgres: bool, seconds: float) -> ResyncReport:
    with writing_as(who, reason):
        report = registry.store_for(KINDS[0]).resync(
            apply=True, strategy=strategy, to_postgres=to_postgres, reason=reason, seconds=seconds
        )
    if report.applied:
        conflicts.collect()
        if not to_postgres:
            _enter()  # the copies begin anew
    return masked_report(report)


def resync_sentences(report: ResyncReport) -> tuple[str, ...]:
    """What the resync did to each document, or would do."""
    if report.stopped:
        return (report.stopped,)
    sentences = []
    for document in report.documents:
        values = {"kind": document.kind}
        sentences.append(
            {
                "same": _("%(kind)s: both sides hold the same."),
                "ours": _("%(kind)s: only the copy changed; its changes go to PostgreSQL."),
                "theirs": _("%(kind)s: only PostgreSQL changed; the copy follows."),
                "merged": _("%(kind)s: both sides changed; they are merged key by key."),
                "stop": "",
            }[document.verdict]
            % values
        )
        if document.open:
            waits = ngettext(
                "%(kind)s: %(count)d place was changed on both sides and waits for your decision.",
                "%(kind)s: %(count)d places were changed on both sides and wait for your decision.",
                len(document.open),
            )
            sentences.append(waits % {**values, "count": len(document.open)})
    return tuple(sentences)


def _check(to: str, strategy: str) -> None:
    for given, allowed in ((to, BACKENDS), (strategy, STRATEGIES)):
        if given not in allowed:
            raise StoreMisconfigured(
                _("%(given)s is not known. Choose one of: %(allowed)s.")
                % {"given": given, "allowed": ", ".join(allowed)}
            )


def _stores() -> tuple[FailoverStore, ...]:
    """Both documents' stores. A resync brings back what the host knows of, so each must have been made once."""
    return tuple(registry.store_for(kind) for kind in KINDS)
