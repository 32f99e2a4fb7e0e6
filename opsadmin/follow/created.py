"""What create_index made on advice is followed by itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.dispatch import receiver

from opsadmin.follow.names import parts_of
from opsadmin.indexing.signals import index_created


@receiver(index_created, dispatch_uid="opsadmin.follow")
def follow_created(sender: Any, *, database: str, ddl: str, index: str, advice: Any, **more: Any) -> None:
    """`advice`: what the index is to bring: `queries`, each with `sql` or `queryid` and its costs, and `promise`, cost after /
    before. Without advice there is nothing to hold it against: the check index.unused has an eye on it."""
    from opsadmin.follow.begin import begin

    if not isinstance(advice, Mapping):
        return
    given = advice.get("queries")
    queries = [one for one in given if isinstance(one, Mapping)] if isinstance(given, list | tuple) else []
    schema, name = parts_of(index)
    begin(database, ddl, name, schema=schema, queries=queries, promise=advice.get("promise") or None)
