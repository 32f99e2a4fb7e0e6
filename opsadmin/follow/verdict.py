"""Whether an index kept its promise: numbers in, a verdict in words out. Pure.

Where the thresholds come from: `kept_share` and `min_calls` are our own choice. Costs are the planner's guess, and half of
what it guessed is worth having; of fewer than 20 calls a single one that found the cache cold or waited for a lock is more
than 5 % of the mean. `unused_days` is that of the check `index.unused`: a weekly report may need the index."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from opsadmin.advisor.drops import MIN_WINDOW_SECONDS
from opsadmin.core.blocks import said_bytes, said_number, said_seconds
from opsadmin.core.finding import Status
from opsadmin.follow.counters import Counters
from opsadmin.follow.watched import MIN_CALLS

DAY = 86_400
#: Beyond that part of the blocks from before, statements read as many as then: an index that spares them nothing to read is
#: not why they are faster, unless it spares a sort.
_AS_MANY = 0.95


class State(StrEnum):
    AWAITED = "awaited"
    EARLY = "too early"
    KEPT = "kept its promise"
    BROKEN = "did not keep its promise"
    USED = "used"
    UNUSED = "unused"
    GONE = "gone"


@dataclass(frozen=True)
class Rules:
    """`kept_share`: of the promised gain so much must be measured. `min_calls`: of the statements since the index is there.
    `unused_days`: without a scan."""

    kept_share: float = 0.5
    min_calls: int = MIN_CALLS
    unused_days: float = MIN_WINDOW_SECONDS / DAY


@dataclass(frozen=True)
class Compared:
    """A statement without and with the index; `promise`: cost after / before, None where none was promised."""

    before: Counters
    after: Counters
    promise: float | None = None


@dataclass(frozen=True, kw_only=True)
class Case:
    """What is known of an index. `seconds`: since it was first seen, `idle_seconds`: since it was last seen to be read, or
    since its counters run. `unmeasured`: why its statements cannot be read, empty where they can. `guard`: why it may not
    be dropped, empty where it may. `is_single`: it is not partitioned, and can be dropped without a lock on its table."""

    index: str
    ddl: str = ""
    is_there: bool = True
    was_there: bool = True
    is_valid: bool = True
    seconds: float = 0.0
    idle_seconds: float = 0.0
    scans: int = 0
    bytes: int = 0
    statements: Sequence[Compared] = ()
    unmeasured: str = ""
    guard: str = ""
    is_single: bool = True


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What the calls since took and read, as parts of what they would have before: 1 is no change. `promise`: as promised
    for just these calls. None: nobody knows. `calls_before`: how many calls the figures from before are of."""

    calls: int = 0
    calls_before: int = 0
    time: float | None = None
    blocks: float | None = None
    promise: float | None = None


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """`text`: the verdict with its numbers; `hint`: what to do; `command`: the very words; `undo`: what makes the index
    again where `command` drops it."""

    state: State
    status: Status
    text: str
    hint: str = ""
    command: str = ""
    undo: str = ""
    measured: Measured = Measured()


def measured_of(statements: Sequence[Compared]) -> Measured:
    """All statements that ran both without and with the index, each counted as often as it was called since."""
    both = [one for one in statements if one.before.calls and one.after.calls]
    calls = sum(one.after.calls for one in both)
    time_as_before = sum(one.after.calls * (one.before.mean_ms or 0.0) for one in both)
    blocks_as_before = sum(one.after.calls * (one.before.mean_blocks or 0.0) for one in both)
    promised = [one for one in both if one.promise is not None]
    time_of_promised = sum(one.after.calls * (one.before.mean_ms or 0.0) for one in promised)
    kept = sum(one.after.calls * (one.before.mean_ms or 0.0) * (one.promise or 0.0) for one in promised)
    return Measured(
        calls=calls,
        calls_before=sum(one.before.calls for one in both),
        time=sum(one.after.ms for one in both) / time_as_before if time_as_before else None,
        blocks=sum(one.after.blocks for one in both) / blocks_as_before if blocks_as_before else None,
        promise=kept / time_of_promised if time_of_promised else None,
    )


def verdict_of(case: Case, rules: Rules | None = None) -> Verdict:
    """The verdict on an index."""
    rules = rules or Rules()
    measured = measured_of(case.statements)
    if not case.is_there:
        return _gone(case, measured) if case.was_there else _awaited(case)
    if not case.is_valid:
        return _invalid(case, measured)
    if case.idle_seconds >= rules.unused_days * DAY:
        return _unused(case, measured)
    if measured.time is None:
        return _unmeasured(case, measured, rules)
    if measured.calls < rules.min_calls:
        return _early(case, measured, rules)
    if not case.scans:
        return _unread(case, measured)
    if measured.promise is None or measured.promise >= 1:
        return _unpromised(case, measured)
    return _judged(case, measured, rules)


# --- the verdicts ------------------------------------------------------------------------------------------------------
def _awaited(case: Case) -> Verdict:
    if case.is_valid:
        text = _("%(index)s is not there yet. What its statements cost until then is being counted.")
    else:
        text = _("%(index)s is not valid yet: it is being built, or its build failed (the check index.invalid tells).")
    text %= {"index": case.index}
    hint = _("Make it with create_index, or by the project's migration; it is followed from the next look on.")
    return Verdict(state=State.AWAITED, status=Status.UNKNOWN, text=text, hint=hint, command=_ended(case.ddl))


def _gone(case: Case, measured: Measured) -> Verdict:
    text = _("%(index)s is not there any more; it was read %(scans)s while it was looked at.") % {
        "index": case.index,
        "scans": _times(case.scans),
    }
    hint = _("If nobody meant to drop it, make it again.") if case.ddl else ""
    return Verdict(
        state=State.GONE,
        status=Status.UNKNOWN,
        text=text,
        hint=hint,
        command=_ended(case.ddl),
        measured=measured,
    )


def _invalid(case: Case, measured: Measured) -> Verdict:
    text = _("%(index)s is not valid: every write pays for it, and no statement can read it.") % {"index": case.index}
    hint = _("Build it anew, or drop it.")
    command = f"REINDEX INDEX CONCURRENTLY {case.index};" if case.is_single else f"REINDEX INDEX {case.index};"
    return Verdict(state=State.BROKEN, status=Status.WARNING, text=text, hint=hint, command=command, measured=measured)


def _unused(case: Case, measured: Measured) -> Verdict:
    if case.scans:
        text = _("%(index)s (%(size)s) was not read for %(idle)s; before that %(scans)s.")
    else:
        text = _("%(index)s (%(size)s) was not read once in %(idle)s.")
    text %= {
        "index": case.index,
        "size": said_bytes(case.bytes),
        "idle": said_seconds(case.idle_seconds),
        "scans": _times(case.scans),
    }
    calls = sum(one.after.calls for one in case.statements)
    if case.statements and not case.unmeasured and not calls:
        text += " " + _("None of its statements was called either.")
    caution = _("Does a monthly job need it? A standby counts its own reads: look there too.")
    return _to_drop(case, State.UNUSED, text, caution, measured)


def _unmeasured(case: Case, measured: Measured, rules: Rules) -> Verdict:
    if case.unmeasured:
        why = case.unmeasured
    elif not case.statements:
        why = _("It is followed without statements.")
    elif not any(one.before.calls for one in case.statements):
        why = _("What its statements cost before it was there was not counted.")
    else:
        why = _("None of its statements was called since.")
    if case.scans:
        text = _("%(index)s was read %(scans)s in %(since)s; what it saves cannot be told. %(why)s") % {
            "index": case.index,
            "scans": _times(case.scans),
            "since": said_seconds(case.seconds),
            "why": why,
        }
        return Verdict(state=State.USED, status=Status.OK, text=text, measured=measured)
    return _early(case, measured, rules, why)


def _early(case: Case, measured: Measured, rules: Rules, why: str = "") -> Verdict:
    text = _("Too early to judge %(index)s: it is there for %(since)s and was read %(scans)s.") % {
        "index": case.index,
        "since": said_seconds(case.seconds),
        "scans": _times(case.scans),
    }
    if why:
        text += f" {why}"
    missing = rules.min_calls - measured.calls
    parts = []
    if not why or any(one.before.calls for one in case.statements):
        parts.append(
            ngettext(
                "%(missing)s more call of its statements makes a verdict (%(calls)s of %(needed)s).",
                "%(missing)s more calls of its statements make a verdict (%(calls)s of %(needed)s).",
                missing,
            )
            % {
                "missing": said_number("", missing),
                "calls": said_number("", measured.calls),
                "needed": said_number("", rules.min_calls),
            }
        )
    left = rules.unused_days * DAY - case.idle_seconds
    parts.append(_("If nobody reads it for %(left)s more, it is unused.") % {"left": said_seconds(left)})
    return Verdict(state=State.EARLY, status=Status.UNKNOWN, text=text, hint=" ".join(parts), measured=measured)


def _unread(case: Case, measured: Measured) -> Verdict:
    text = _("%(index)s was not read once, although its statements were called %(calls)s since.") % {
        "index": case.index,
        "calls": _times(measured.calls),
    }
    hint = _(
        "Look at their plans with explain_query: a condition of another type or collation, or a cheaper way, keeps PostgreSQL "
        "from it. If it is not to be, drop it."
    )
    return _to_drop(case, State.BROKEN, text, hint, measured)


def _unpromised(case: Case, measured: Measured) -> Verdict:
    text = _("%(index)s was read %(scans)s in %(since)s. %(compared)s Nothing was promised for it.") % {
        "index": case.index,
        "scans": _times(case.scans),
        "since": said_seconds(case.seconds),
        "compared": _compared(measured),
    }
    return Verdict(state=State.USED, status=Status.OK, text=text, measured=measured)


def _judged(case: Case, measured: Measured, rules: Rules) -> Verdict:
    time, blocks, promise = measured.time or 0.0, measured.blocks, measured.promise or 0.0
    most = 1 - rules.kept_share * (1 - promise)
    by_blocks = blocks is not None and blocks <= most
    by_time = time <= most and (blocks is None or blocks <= _AS_MANY)
    values = {
        "index": case.index,
        "scans": _times(case.scans),
        "calls": _times(measured.calls),
        "compared": _compared(measured),
        "promised": _percent(1 - promise),
    }
    if by_time or (by_blocks and time <= 1):
        text = _(
            "%(index)s keeps its promise: its statements were called %(calls)s. %(compared)s Promised: −%(promised)s."
        )
        hint = ""
        if time > most:
            hint = _(
                "The blocks fell as promised, the time did not: the rest of the time goes elsewhere (explain_query with "
                "analyze shows where)."
            )
        return Verdict(state=State.KEPT, status=Status.OK, text=text % values, hint=hint, measured=measured)
    if time <= most:
        text = _(
            "%(index)s was read %(scans)s, and its statements were called %(calls)s. %(compared)s Promised: −%(promised)s."
        )
        hint = _(
            "They read as many blocks as before: it may have saved a sort, and it may only be that the server has less to do "
            "or finds more in memory. explain_query with hidden_indexes tells."
        )
        return Verdict(state=State.USED, status=Status.OK, text=text % values, hint=hint, measured=measured)
    text = _(
        "%(index)s does not keep its promise: its statements were called %(calls)s. %(compared)s Promised: −%(promised)s. It "
        "was read %(scans)s."
    )
    if by_blocks:
        hint = _(
            "They read less, and yet take longer: the server has more to do, or reads at random from a slow disk. Look at "
            "their plans with explain_query."
        )
        return Verdict(state=State.BROKEN, status=Status.WARNING, text=text % values, hint=hint, measured=measured)
    hint = _("First compare the plans with and without it (explain_query, hidden_indexes): something else may read it.")
    return _to_drop(case, State.BROKEN, text % values, hint, measured)


def _to_drop(case: Case, state: State, text: str, hint: str, measured: Measured) -> Verdict:
    if case.guard:
        hint = _("Leave it all the same. %(guard)s") % {"guard": case.guard}
        # Nobody reads it, and that is how it is to be.
        status = Status.OK if state is State.UNUSED else Status.WARNING
        return Verdict(state=state, status=status, text=text, hint=hint, measured=measured)
    command = f"DROP INDEX CONCURRENTLY {case.index};"
    if not case.is_single:
        command = f"DROP INDEX {case.index};"
        hint += " " + _("The table and its partitions are locked meanwhile.")
    return Verdict(
        state=state,
        status=Status.WARNING,
        text=text + (" " + _("Drop it?") if state is State.UNUSED else ""),
        hint=hint,
        command=command,
        undo=_ended(case.ddl),
        measured=measured,
    )


# --- words -------------------------------------------------------------------------------------------------------------
def _compared(measured: Measured) -> str:
    text = _("Their time changed by %(time)s") % {"time": change_in_words(measured.time)}
    if measured.blocks is not None:
        text += _(", the blocks that they read by %(blocks)s") % {"blocks": change_in_words(measured.blocks)}
    if measured.calls_before < MIN_CALLS:
        few = ngettext("with only %(count)d call before", "with only %(count)d calls before", measured.calls_before)
        text += f" ({few % {'count': measured.calls_before}})"
    return text + "."


def change_in_words(ratio: float | None) -> str:
    """Of what it was before: 0.5 is −50 %; a dash where nobody knows."""
    if ratio is None:
        return "–"
    return f"−{_percent(1 - ratio)}" if ratio <= 1 else f"+{_percent(ratio - 1)}"


def _percent(share: float) -> str:
    amount = 100 * share
    # 99.98 % are not all.
    return f"{math.floor(10 * amount) / 10:.1f} %" if 99 < amount < 100 else f"{amount:.0f} %"


def _times(count: int) -> str:
    return ngettext("%(count)s time", "%(count)s times", count) % {"count": said_number("", count)}


def _ended(ddl: str) -> str:
    return f"{ddl.rstrip().rstrip(';')};" if ddl.strip() else ""
