"""What only one run at a time may do: the run that does it has the name in its row, and the site database takes a name
only once. No lock of PostgreSQL: behind a pooler a session keeps none."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from opsadmin.core.errors import OperationFailed
from opsadmin.jobs.patiently import patiently
from opsadmin.jobs.state import note_interrupted
from opsadmin.models import OperationRun


class Busy(OperationFailed):
    """Another run does it at the moment."""

    http_status = 409


def take(run: int | None, name: str) -> None:
    """Have `name` until the run ends, or its process has been dead for half a minute.

    Raises `Busy`."""
    if run is None:
        raise ValueError("Only a run that is in the log can have a lease.")
    note_interrupted()

    def write() -> None:
        with transaction.atomic():
            OperationRun.objects.filter(pk=run).update(lease=name)

    try:
        patiently(write)
    except IntegrityError:
        raise busy(name) from None


def holder_of(name: str) -> OperationRun | None:
    """The run that has it."""
    note_interrupted()
    return OperationRun.objects.filter(lease=name).first()


def busy(name: str) -> Busy:
    """Says who has it."""
    holder = OperationRun.objects.filter(lease=name).first()
    if holder is None:
        return Busy(_("Another run has only just ended."), hint=_("Try again."))
    return Busy(
        _("Run %(number)d (%(operation)s by %(caller)s) is at it: one at a time in a database.")
        % {"number": holder.pk, "operation": holder.operation, "caller": holder.caller},
        hint=_("Wait for its end, or stop it: cancel_run with run=%(number)d.") % {"number": holder.pk},
    )
