"""Are all the store's tables there?"""

from __future__ import annotations

from opsadmin.core.check import CannotLook, Outcome, check
from opsadmin.core.finding import Finding, Status
from stores.health import StoreLook
from stores.schema.expected import TABLES


@check("store.tables_present", title="Tables of the store")
def look(store: StoreLook) -> Outcome:
    if store.tables_error:
        raise CannotLook(store.tables_error, "Make PostgreSQL answer first.")
    present = {table.name for table in store.tables}
    findings = [
        Finding(
            check="store.tables_present",
            area="store",
            severity=Status.CRITICAL,
            object=table.name,
            message=f"The table {table.name} is missing.",
            hint="Make what is missing; rows are not touched.",
            fix_command="python manage.py adopt_database --apply",
        )
        for table in TABLES
        if table.name not in present
    ]
    return Outcome(findings, f"{len(present)} of {len(TABLES)} tables")
