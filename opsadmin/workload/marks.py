"""What happened beside the figures: deploys, indexes, outages. A line that bends says little without them.

    note_mark("store", Mark.Kind.INDEX_CREATED, "orders_customer_idx")
    note_mark("store", "outage", "PostgreSQL does not answer.", at=begun, until=ended)

A site database that refuses costs nothing but the mark."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import DatabaseError
from django.db.models import Q
from django.utils import timezone

from opsadmin.jobs.patiently import patiently
from opsadmin.models import Mark
from opsadmin.retold import retold

logger = logging.getLogger(__name__)

#: When this process began: a deploy is noted at the first look after it, and happened then.
_BEGUN = timezone.now()
#: Processes of one deploy begin within this time of each other.
_ONE_DEPLOY = timedelta(minutes=10)


@dataclass(frozen=True)
class Happened:
    """A mark as a chart wants it. `text`: a sentence of ours is in the reader's language. `until`: None where it was a moment; of what goes on, the end of what was asked for."""

    kind: str
    at: datetime
    until: datetime | None
    text: str
    goes_on: bool = False

    @property
    def name(self) -> str:
        """Of its kind, for people."""
        return str(Mark.Kind(self.kind).label)


def note_mark(
    database: str, kind: str, text: str, *, at: datetime | None = None, until: datetime | None = None
) -> None:
    """Keep a mark. `text`: a sentence in English, as `opsadmin.retold` knows it, or a name. `database`: the alias, empty where it is about all. `kind`: one of `Mark.Kind`. What was noted already (the
    same text at the same time) is not noted again, but gets its end.

    Raises ValueError for an unknown kind."""
    kind = Mark.Kind(kind).value
    text = " ".join(text.split())[:300]

    def write() -> None:
        Mark.objects.update_or_create(
            database=database,
            kind=kind,
            at=at or timezone.now(),
            text=text,
            defaults={} if until is None else {"until": until},
        )

    try:
        patiently(write)
    except DatabaseError as error:
        logger.warning("[trends] a mark (%s) of %s was not kept: %s", kind, database or "all", type(error).__name__)


def marks(database: str, start: datetime, end: datetime, kinds: Iterable[str] = ()) -> list[Happened]:
    """What touched [start, end), oldest first. `kinds`: only those. What still goes on ends with `end`."""
    rows = Mark.objects.filter(Q(database=database) | Q(database=""), at__lt=end)
    lasting = Q(until__gt=start) | Q(until=None, kind__in=_LASTING)
    rows = rows.filter(Q(at__gte=start) | lasting)
    if wanted := list(kinds):
        rows = rows.filter(kind__in=wanted)
    return [
        Happened(
            row.kind,
            row.at,
            end if _goes_on(row) else row.until,
            retold(row.text),
            goes_on=_goes_on(row),
        )
        for row in rows.order_by("at", "pk")
    ]


#: Kinds that go on until their end is noted.
_LASTING = (Mark.Kind.OUTAGE, Mark.Kind.INCIDENT)


def _goes_on(row: Mark) -> bool:
    return row.until is None and row.kind in _LASTING


def begin(database: str, kind: str, text: str, at: datetime) -> None:
    """Something that lasts begins, unless one of the kind goes on already."""
    if not Mark.objects.filter(database=database, kind=kind, until=None).exists():
        Mark.objects.create(database=database, kind=kind, text=text[:300], at=at)


def end(database: str, kind: str, at: datetime) -> None:
    """What lasted has ended."""
    Mark.objects.filter(database=database, kind=kind, until=None).update(until=at)


def answered(database: str, at: datetime) -> None:
    """PostgreSQL answered at that moment: an outage that began before it is over, whoever asked. The sampler comes by only
    every few minutes."""
    try:
        patiently(
            lambda: Mark.objects.filter(database=database, kind=Mark.Kind.OUTAGE, until=None, at__lt=at).update(
                until=at
            )
        )
    except DatabaseError as error:
        logger.warning("[trends] the end of an outage of %s was not kept: %s", database, type(error).__name__)


def silent(database: str, why: str, at: datetime) -> None:
    """PostgreSQL did not answer at that moment: an outage begins, unless one goes on. One that is over before the sampler
    comes by is told, too."""
    try:
        patiently(lambda: begin(database, Mark.Kind.OUTAGE, why, at))
    except DatabaseError as error:
        logger.warning("[trends] the begin of an outage of %s was not kept: %s", database, type(error).__name__)


def note_deploy() -> None:
    """Note a deploy where OPSADMIN["DEPLOY"] (a commit, a version) is another than the last one's. A first one is noted
    too: it is where the trends begin."""
    deployed = str(getattr(settings, "OPSADMIN", {}).get("DEPLOY") or "").strip()
    if not deployed:
        return
    text = deployed[:12]
    try:
        last = Mark.objects.filter(kind=Mark.Kind.DEPLOY).order_by("-at", "-pk").first()
        # An old process that looks once more while the new one runs is no deploy.
        if last is not None and (last.text == text or last.at > _BEGUN):
            return
        twins = Mark.objects.filter(kind=Mark.Kind.DEPLOY, text=text, at__gt=_BEGUN - _ONE_DEPLOY)
        if not twins.exists():
            note_mark("", Mark.Kind.DEPLOY, text, at=_BEGUN)
    except DatabaseError as error:
        logger.warning("[trends] a deploy was not noted: %s", type(error).__name__)
