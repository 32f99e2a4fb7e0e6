"""Paging of large tables without count(*)."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django.core.paginator import Paginator
from django.db import connections

#: A list that is not filtered takes PostgreSQL's own estimate from this many rows on.
WORTH_ESTIMATING = 10_000

ESTIMATE = "SELECT greatest(reltuples, 0)::bigint FROM pg_catalog.pg_class WHERE oid = to_regclass(%s)"


class EstimatedPaginator(Paginator):  # type: ignore[type-arg]
    """Counts up to a limit, and beyond it believes pg_class.reltuples (kept by VACUUM and ANALYZE).

    A filtered list is counted up to the limit and says "10,000 or more" by ending there: count(*) of ten million
    rows takes seconds and nobody pages to row 10,000."""

    @cached_property
    def count(self) -> int:
        objects: Any = self.object_list  # always a queryset in the admin
        counted: int = objects.order_by()[: WORTH_ESTIMATING + 1].count()
        if counted <= WORTH_ESTIMATING or objects.query.where:
            return min(counted, WORTH_ESTIMATING)
        with connections[objects.db].cursor() as cursor:
            cursor.execute(ESTIMATE, [objects.model._meta.db_table])
            estimate = cursor.fetchone()[0]
        return max(int(estimate), WORTH_ESTIMATING)
