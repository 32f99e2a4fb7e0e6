"""How much of a range was sampled, in sentences."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.utils import timezone
from django.utils.dateformat import format as format_date
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from opsadmin.workload.windows import Coverage, Missing

#: So many times without a sample are named, the longest ones.
NAMED = 3


def sentences(covered: Coverage) -> Iterator[str]:
    """What one must know to judge figures of the range; nothing where there is no sample at all."""
    if covered.since is None:
        return
    yield ngettext(
        "%(answered)d of %(possible)d look gave a sample.",
        "%(answered)d of %(possible)d looks gave a sample.",
        covered.possible,
    ) % {"answered": covered.answered, "possible": covered.possible}
    if covered.is_short:
        yield _("The first one was taken at %(when)s.") % {"when": said_when(covered.since)}
    longest = sorted(covered.missing, key=lambda one: one.start - one.end)[:NAMED]
    for one in sorted(longest, key=lambda one: one.start):
        words = {"from": said_when(one.start), "to": _until(one, covered)}
        if one.is_outage:
            yield _("None from %(from)s to %(to)s: PostgreSQL did not answer.") % words
        else:
            yield _("None from %(from)s to %(to)s: nobody looked.") % words
    if more := len(covered.missing) - len(longest):
        yield ngettext("So it was %(n)d more time.", "So it was %(n)d more times.", more) % {"n": more}
    yield waits_said(covered.waiting)


def waits_said(waiting: float | None) -> str:
    """That times count waiting for locks, which nobody counts by itself. `waiting`: the most sessions that a look found waiting;
    None where no look tells."""
    said = [_("Times count waiting for locks, too.")]
    if waiting:
        said.append(
            ngettext(
                "At a look %(n)d session was waiting for one, so some of this is no work of the statements.",
                "At a look %(n)d sessions were waiting for one, so some of this is no work of the statements.",
                round(waiting),
            )
            % {"n": round(waiting)}
        )
    elif waiting is not None:
        said.append(_("No look found a session waiting; what is over between two looks is not seen."))
    return " ".join(said)


def said_when(moment: datetime) -> str:
    """`20:15`, with the day where it is not today."""
    local = timezone.localtime(moment)
    return format_date(local, "H:i" if local.date() == timezone.localdate() else "j M H:i")


def _until(one: Missing, covered: Coverage) -> str:
    if one.end >= covered.end:
        return _("now")
    start, end = timezone.localtime(one.start), timezone.localtime(one.end)
    return format_date(end, "H:i") if start.date() == end.date() else said_when(one.end)
