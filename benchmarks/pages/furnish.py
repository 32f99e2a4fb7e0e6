"""What a site has that was used for a while: a row of each model, followed indexes, and a statement that can be planned."""

from __future__ import annotations

import psycopg

from benchmarks.pages.place import Site
from switchbot_site.local.cluster import SUPERUSER, Cluster

FOLLOWED = 100

#: Addresses that no link of the kind that is followed leads to.
BESIDE = ("/admin/password_change/", "/admin/auth/user/1/password/", "/admin/auth/user/1/delete/")
MODELS = ("auth/group", "auth/user", "opsadmin/apitoken", "opsadmin/checkthreshold", "opsadmin/ignoredfinding")

_ROWS = """
from uuid import uuid4
from django.contrib.auth import get_user_model
from django.utils import timezone
from opsadmin.faces.tokens import issue
from opsadmin.follow.begin import begin
from opsadmin.models import CheckThreshold, IgnoredFinding
from stores.models import AutomationState, HistoryEntry, StoreConflict

AutomationState.objects.create(device_id="meter", key="hook", value={"on": True})
HistoryEntry.objects.create(device_id="meter", kind="opened", payload={"by": "hand"})
StoreConflict.objects.create(
    id="a", resync=uuid4(), kind="settings", path="a.b", keys=["a", "b"], has_base=False, has_ours=True, ours=1,
    has_theirs=True, theirs=2, kept="ours", epoch=1, at=timezone.now(),
)
CheckThreshold.objects.create(name="index.unused.min_bytes", value=1)
IgnoredFinding.objects.create(check_id="index.unused", object="big.*", reason="known")
user = get_user_model().objects.first()
issue(user, "benchmark")
get_user_model().objects.create_user("viewer")  # who is no member of the staff has another sign in the list
"""


def furnish(site: Site, cluster: Cluster) -> list[str]:
    """Fill the site. Returns the addresses to visit beside those that the links lead to."""
    with psycopg.connect(cluster.dsn(user=SUPERUSER)) as connection:
        planned = connection.execute(
            "SELECT queryid::text FROM pg_stat_statements WHERE query LIKE 'SELECT count(*) FROM big.t% WHERE a = %'"
            f" ORDER BY query LIMIT {FOLLOWED}"
        ).fetchall()
        indexes = connection.execute(
            "SELECT schemaname, indexname FROM pg_indexes WHERE schemaname = 'big' AND indexname !~ 'pkey'"
            f" ORDER BY indexname LIMIT {FOLLOWED}"
        ).fetchall()
    queryids = [queryid for (queryid,) in planned]
    followed = [(schema, name, queryids[number % len(queryids)]) for number, (schema, name) in enumerate(indexes)]
    site.manage(
        "shell",
        "-c",
        f"{_ROWS}\nfor schema, name, queryid in {followed!r}:\n"
        "    begin('store', '', name, schema=schema, queries=[{'queryid': queryid}], promise=0.5)\n",
    )
    forms = [f"/admin/{model}/add/" for model in MODELS]
    return [f"/admin/ops/queries/?queryid={queryids[0]}", *forms, *BESIDE]
