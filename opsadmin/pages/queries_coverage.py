"""How much of a range was sampled, in sentences."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from opsadmin.templatetags.ops import clock
from opsadmin.workload.windows import Coverage

#: So many times without a sample are named, the longest ones.
NAMED = 3


def sentences(covered: Coverage) -> Iterator[str]:
    """What one must know to judge figures of the range; nothing where there is no sample at all."""
    if covered.since is None:
        return
    yield ngettext(
        "PostgreSQL answered %(answered)d of %(possible)d look.",
        "PostgreSQL answered %(answered)d of %(possible)d looks.",
        covered.possible,
    ) % {"answered": covered.answered, "possible": covered.possible}
    if covered.is_short:
        yield _("Samples begin at %(when)s.") % {"when": clock(covered.since)}
    longest = sorted(covered.missing, key=lambda one: one.start - one.end)[:NAMED]
    for one in sorted(longest, key=lambda one: one.start):
        words = {"from": clock(one.start), "to": _until(one.end, covered)}
        if one.is_outage:
            yield _("From %(from)s to %(to)s PostgreSQL did not answer.") % words
        else:
            yield _("From %(from)s to %(to)s nobody looked.") % words
    if more := len(covered.missing) - len(longest):
        yield ngettext("So it was %(n)d more time.", "So it was %(n)d more times.", more) % {"n": more}


def _until(end: datetime, covered: Coverage) -> str:
    return _("now") if end >= covered.end else clock(end)
