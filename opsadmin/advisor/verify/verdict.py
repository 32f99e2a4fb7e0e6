"""Whether an index does what its estimate says: from what the statements that use it read and take with it and without it.
Pure: figures in, sentences out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from opsadmin.advisor.advice import Verified
from opsadmin.advisor.verify.measure import Run
from opsadmin.core.blocks import said_number, said_seconds

#: Blocks decide, because they stay the same from run to run. Less than a tenth is not worth an index: it costs at every
#: write, and a plan that is as good without it comes and goes with the next ANALYZE.
LEAST_SAVED = 0.1
#: Time alone, where no more blocks are read (a sort or the look at each row that are not needed): a third off, and more than
#: the clock trembles. With a few more blocks, half of it; with many more it counts nothing: they stand in the cache here, and
#: may not elsewhere.
FASTER, MUCH_FASTER, FASTER_MS, SAME_BLOCKS = 2 / 3, 0.5, 0.5, 1.1
#: A time that is twice as long speaks against fewer blocks: they stood in the cache, and finding them took longer.
SLOWER, SLOWER_MS = 2.0, 10.0
#: Of a single statement with all indexes there: half as long again, or half as many blocks more, and not a trifle.
WORSE, WORSE_MS, WORSE_BLOCKS = 1.5, 5.0, 16


class Verdict(Enum):
    """DOUBTFUL: the measurement does not say."""

    CONFIRMED = "confirmed"
    REFUTED = "refuted"
    DOUBTFUL = "doubtful"


@dataclass(frozen=True)
class Use:
    """A statement that uses the index: how often it counts, and its runs."""

    weight: float
    without: Run
    with_it: Run


@dataclass(frozen=True)
class Judged:
    """`reason`: a sentence."""

    verdict: Verdict
    reason: str
    verified: Verified | None = None


def judged(uses: Sequence[Use], how: str, share: float) -> Judged:
    """`how`: "copy" or "trial"; `share`: of the table's rows that were looked at."""
    where = _where(how, share)
    if not uses:
        if share < 1:
            return Judged(
                Verdict.DOUBTFUL,
                _("%(where)s, no plan uses it; with all rows one might.") % {"where": where},
            )
        return Judged(Verdict.REFUTED, _("%(where)s, no plan uses it.") % {"where": where})
    if all(one.without.is_over and one.with_it.is_over for one in uses):
        return Judged(
            Verdict.DOUBTFUL,
            _("%(where)s, its statements did not come to an end, with it or without it.") % {"where": where},
        )
    figures = _figures(uses, how, share)
    if any(one.with_it.is_over and not one.without.is_over for one in uses):
        return Judged(Verdict.REFUTED, _("%(where)s, a statement did not come to an end with it.") % {"where": where})
    if figures.blocks_before is None:
        return Judged(Verdict.CONFIRMED, _ended(where, uses), figures)
    saved = figures.blocks_before - figures.blocks_after
    gained = figures.ms_before - figures.ms_after
    is_fewer = saved >= max(1, LEAST_SAVED * figures.blocks_before)
    least = FASTER if saved >= 0 else MUCH_FASTER
    is_faster = (
        gained >= FASTER_MS
        and figures.ms_after <= least * figures.ms_before
        and figures.blocks_after <= SAME_BLOCKS * figures.blocks_before
    )
    is_slower = -gained >= SLOWER_MS and figures.ms_after >= SLOWER * figures.ms_before
    text = _said(where, figures, len(uses))
    if is_slower:
        return Judged(Verdict.REFUTED, text + " " + _("It takes longer with it."), figures)
    if is_fewer or is_faster:
        return Judged(Verdict.CONFIRMED, text, figures)
    return Judged(Verdict.REFUTED, text + " " + _("That is not worth an index."), figures)


def is_worse(before: Run, after: Run) -> bool:
    """Whether a statement is clearly worse off with the indexes than before."""
    if before.is_over or before.is_like(after):
        return False
    if after.is_over:
        return True
    takes_longer = after.ms >= WORSE * before.ms and after.ms - before.ms >= WORSE_MS
    reads_more = after.blocks >= WORSE * before.blocks and after.blocks - before.blocks >= WORSE_BLOCKS
    return takes_longer or (reads_more and after.ms > before.ms)


def _figures(uses: Sequence[Use], how: str, share: float) -> Verified:
    """A run of the statements on average, by how often each counts."""
    total = sum(one.weight for one in uses)
    weights = [one.weight / total if total else 1 / len(uses) for one in uses]
    is_endless = any(one.without.is_over for one in uses)

    def mean(values: Sequence[float]) -> float:
        return sum(weight * value for weight, value in zip(weights, values, strict=True))

    return Verified(
        how=how,
        rows_share=share,
        blocks_before=None if is_endless else round(mean([one.without.blocks for one in uses])),
        blocks_after=round(mean([one.with_it.blocks for one in uses])),
        ms_before=round(mean([one.without.ms for one in uses]), 3),
        ms_after=round(mean([one.with_it.ms for one in uses]), 3),
    )


def _where(how: str, share: float) -> str:
    if how == "trial":
        return _("Measured on the table itself")
    if share < 1:
        return _("Measured on a copy of %(percent)s of the rows") % {
            "percent": f"{100 * share:.0f} %" if share >= 0.01 else f"{100 * share:.2g} %"
        }
    return _("Measured on a copy")


def _said(where: str, one: Verified, count: int) -> str:
    values = {
        "where": where,
        "n": count,
        "after": said_number("", one.blocks_after),
        "before": said_number("", one.blocks_before or 0),
        "ms_after": _time(one.ms_after),
        "ms_before": _time(one.ms_before),
    }
    return (
        ngettext(
            "%(where)s: its statement reads %(after)s pages instead of %(before)s, and takes %(ms_after)s instead of "
            "%(ms_before)s.",
            "%(where)s: its %(n)d statements read %(after)s pages instead of %(before)s a run on average, and take "
            "%(ms_after)s instead of %(ms_before)s.",
            count,
        )
        % values
    )


def _ended(where: str, uses: Sequence[Use]) -> str:
    slow = max((one for one in uses if one.without.is_over), key=lambda one: one.without.ms)
    return _("%(where)s: a statement takes %(after)s with it, and did not come to an end in %(before)s without it.") % {
        "where": where,
        "after": _time(slow.with_it.ms),
        "before": _time(slow.without.ms),
    }


def _time(ms: float) -> str:
    return f"{ms:.2g} ms" if ms < 10 else said_seconds(ms / 1000)
