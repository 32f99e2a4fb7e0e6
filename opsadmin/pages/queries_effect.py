"""Did my fix help: a statement before and after the last deploy or change of an index, in sentences."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from opsadmin.core.blocks import said_number
from opsadmin.models import Mark
from opsadmin.pages.queries_change import changed
from opsadmin.workload.coverage_said import said_when
from opsadmin.workload.one_statement import Effect
from opsadmin.workload.queries import said_ms
from opsadmin.workload.sums import Sums

#: Fewer calls on a side tell nothing.
FEW = 10
#: A smaller change of the mean is taken for chance.
MATTERS = 0.15


@dataclass(frozen=True)
class Verdict:
    """`tone`: ok where it helped, critical where it did harm, else unknown; `word` says the same. `text`: the figures."""

    tone: str
    word: str
    text: str


def verdict(effect: Effect | None) -> Verdict | None:
    """None where nothing was noted that could have had an effect."""
    if effect is None:
        return None
    what = {
        Mark.Kind.DEPLOY: _("the deploy %(text)s (%(when)s)"),
        Mark.Kind.INDEX_CREATED: _("the index %(text)s was made (%(when)s)"),
        Mark.Kind.INDEX_DROPPED: _("the index %(text)s was dropped (%(when)s)"),
    }[Mark.Kind(effect.mark.kind)] % {"text": effect.mark.text, "when": said_when(effect.mark.at)}
    text = _("Before %(what)s: %(before)s. After it: %(after)s.") % {
        "what": what,
        "before": _side(effect.before),
        "after": _side(effect.after),
    }
    change = effect.change
    if change is None or effect.before.calls < FEW or effect.after.calls < FEW:
        return Verdict("unknown", _("Too early to tell"), text)
    words = {"text": text, "change": changed(change)}
    text = _("%(text)s That is %(change)s a call.") % words
    if change <= -MATTERS:
        return Verdict("ok", _("It became faster"), text)
    if change >= MATTERS:
        return Verdict("critical", _("It became slower"), text)
    return Verdict("unknown", _("No difference to speak of"), text)


def _side(sums: Sums) -> str:
    if sums.mean_ms is None:
        return _("not called")
    calls = round(sums.calls)
    return ngettext("%(mean)s on average over %(n)s call", "%(mean)s on average over %(n)s calls", calls) % {
        "mean": said_ms(sums.mean_ms),
        "n": said_number("", calls),
    }
