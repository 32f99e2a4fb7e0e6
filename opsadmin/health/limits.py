"""What the operator changed: other thresholds, and findings that are known and accepted.

OPSADMIN = {
    "THRESHOLDS": {"index.unused.min_bytes": 10_000_000},
    "IGNORE": ["index.unused", "table.no_primary_key:public.import_*"],
}

The site's own models CheckThreshold and IgnoredFinding come on top. A pattern is compared as a shell compares names."""

from __future__ import annotations

import glob
import logging
from dataclasses import dataclass, field
from datetime import timedelta
from fnmatch import fnmatchcase

from django.conf import settings
from django.db import DatabaseError
from django.utils import timezone

from opsadmin.health.card import Card
from opsadmin.models import CheckThreshold, IgnoredFinding, Mark

logger = logging.getLogger(__name__)

#: An index that was made so lately is not called unused: the check's own week.
TOO_YOUNG = timedelta(days=7)


@dataclass(frozen=True)
class Limits:
    """`thresholds`: changed numbers by `check.name`. `ignored`: patterns of check and object."""

    thresholds: dict[str, float] = field(default_factory=dict)
    ignored: tuple[tuple[str, str], ...] = ()

    def values(self, card: Card) -> dict[str, float]:
        """The numbers that a check goes by."""
        return {one.name: self.thresholds.get(f"{card.id}.{one.name}", one.value) for one in card.thresholds}

    def ignores(self, check: str, object: str) -> bool:
        """Whether a finding is known and accepted."""
        return any(fnmatchcase(check, one) and fnmatchcase(object, other) for one, other in self.ignored)


def limits() -> Limits:
    """From the settings and the site database; where that does not answer, from the settings alone."""
    options = getattr(settings, "OPSADMIN", {})
    thresholds = {name: float(value) for name, value in options.get("THRESHOLDS", {}).items()}
    ignored = [_split(pattern) for pattern in options.get("IGNORE", ())]
    try:
        thresholds |= dict(CheckThreshold.objects.values_list("name", "value"))
        now = timezone.now()
        rows = IgnoredFinding.objects.values_list("check_id", "object", "until")
        ignored += [(check, object) for check, object, until in rows if until is None or until > now]
        # PostgreSQL does not tell how old an index is; of those that were made from here it is known.
        made = Mark.objects.filter(kind=Mark.Kind.INDEX_CREATED, at__gt=now - TOO_YOUNG)
        names = (text.rpartition(" (")[0] or text for text in made.values_list("text", flat=True))
        ignored += [("index.unused", glob.escape(name)) for name in names]
    except DatabaseError as error:
        logger.warning("[health] the site database did not give its thresholds (%s)", type(error).__name__)
    return Limits(thresholds, tuple(ignored))


def _split(pattern: str) -> tuple[str, str]:
    check, _, object = pattern.partition(":")
    return check, object or "*"
