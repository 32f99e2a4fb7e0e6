"""The daily look at followed indexes. Where none is followed, PostgreSQL is not asked."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from opsadmin.core.errors import OperationError, OperationFailed
from opsadmin.core.operation import Caller
from opsadmin.models import FollowedIndex
from opsadmin.perform import perform
from opsadmin.postgres.aliases import postgres_aliases


def review_followed() -> str:
    """Review what is followed, in every database; a sentence of what was found.

    Raises `OperationFailed` where a database could not be asked."""
    followed = FollowedIndex.objects.filter(gone_at=None, database__in=postgres_aliases())
    databases = sorted(followed.values_list("database", flat=True).distinct())
    if not databases:
        return _("No index is followed.")
    failed: list[str] = []
    for database in databases:
        try:
            perform("review_indexes", {"database": database}, Caller("schedule", "schedule"))
        except OperationError as error:
            failed.append(f"{database}: {error.message}")
    if failed:
        raise OperationFailed(" ".join(failed))
    count = followed.count()
    words = ngettext("%(count)d index was reviewed.", "%(count)d indexes were reviewed.", count)
    return words % {"count": count}
