"""The alerts on the page "Incidents & decisions": where they go, what became of the last ones, and a test."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _

from opsadmin.alerts.channels import channels, policy, problems
from opsadmin.core.errors import OperationError
from opsadmin.models import AlertDelivery
from opsadmin.pages.logbook_parts import act, address, need, page, paged

VIEW, TEST = "opsadmin.view_alertdelivery", "opsadmin.test_alert"
#: How long the page waits for a test to arrive; it comes back to it.
PATIENCE_SECONDS = 1.0


def alerts_page(request: HttpRequest, database: str) -> HttpResponse:
    """Where they go, and the last ones."""
    need(request, VIEW)
    found = paged(AlertDelivery.objects.all(), request)
    here = address(request, database, part="alerts")
    untried = any(row.state == AlertDelivery.State.WAITING and not row.attempts for row in found.rows)
    return page(
        request,
        "logbook_alerts",
        "alerts",
        database,
        title=_("Incidents & decisions"),
        channels=channels(),
        policy=policy(),
        minutes=round(policy().cooldown.total_seconds() / 60),
        problems=problems(),
        found=found,
        before=address(request, database, part="alerts", page=found.before) if found.before else "",
        after=address(request, database, part="alerts", page=found.after) if found.after else "",
        may_test=request.user.has_perm(TEST),
        here=here,
        untried=untried,
    )


def test(request: HttpRequest, database: str) -> HttpResponse:
    """Send a test through every channel."""
    need(request, TEST)
    try:
        tried = act(request, "test_alert", {"database": database, "seconds": PATIENCE_SECONDS})
    except OperationError as error:
        messages.warning(request, f"{error.message} {error.hint}".strip())
    else:
        for one in tried:
            values = {"channel": one.channel, "error": one.error}
            if one.state == AlertDelivery.State.SENT:
                messages.success(request, _("%(channel)s: the test alert was sent.") % values)
            elif one.error:
                messages.warning(request, _("%(channel)s: %(error)s") % values)
            else:
                messages.info(request, _("%(channel)s: the test alert is on its way.") % values)
    return HttpResponseRedirect(address(request, database, part="alerts"))
