"""Does a conflict of an outage wait for a person?

The document works meanwhile, with one side's value; but nobody has said that it is the right one."""

from __future__ import annotations

from opsadmin.core.check import CannotLook, Outcome, check
from opsadmin.core.finding import Finding, Status
from stores.health import StoreLook


@check("store.conflicts_open", title="Conflicts to settle")
def look(store: StoreLook) -> Outcome:
    count = store.open_conflicts
    if count is None:
        raise CannotLook("The site database could not be read.", "See the site's log.")
    if not count:
        return Outcome([], "none waits")
    finding = Finding(
        check="store.conflicts_open",
        area="store",
        severity=Status.WARNING,
        object="conflicts",
        message=f"{count:,} values were changed on both sides of an outage and wait for your decision."
        if count > 1
        else "One value was changed on both sides of an outage and waits for your decision.",
        hint="Settle it on the page of conflicts, or by command.",
        fix_command="python manage.py resync_store --conflicts",
    )
    return Outcome([finding], f"{count:,} wait")
