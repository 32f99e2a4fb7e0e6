"""The door for Prometheus: health and a few figures of each database as gauges. Over HTTP for a scraper, as a file for
the textfile collector of a node exporter. Needs the extra [metrics]."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from typing import TextIO

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

from opsadmin.core.errors import NotPermitted, OperationError, OperationFailed
from opsadmin.faces import tokens
from opsadmin.faces.metrics_reading import Readings
from opsadmin.faces.refused import refused

#: What a scraper's user must hold, beside the permission to use a token.
PERMISSION = "opsadmin.view_database"

_readings = Readings()


def missing() -> str:
    """What to install, empty where it is there."""
    if find_spec("prometheus_client") is not None:
        return ""
    return _(
        "Metrics need the package prometheus-client: pip install 'switchbot-store-ops[metrics]', or "
        "'prometheus-client>=0.22,<1'."
    )


@csrf_exempt  # no cookie is read, and nothing is changed
def scrape(request: HttpRequest) -> HttpResponse:
    """The gauges, in the format that the scraper accepts. Also while PostgreSQL is down: then `opsadmin_up` is 0."""
    if sentence := missing():
        return refused(OperationError(sentence), 501)
    if request.method not in ("GET", "HEAD"):
        return refused(OperationError(_("This address takes GET only.")), 405, Allow="GET, HEAD")
    try:
        caller = tokens.caller_for(request)
        if not caller.may(PERMISSION):
            raise NotPermitted(
                _("%(name)s may not read the metrics: the permission %(permission)s is missing.")
                % {"name": caller.name, "permission": PERMISSION}
            )
    except OperationError as error:
        return refused(error)
    from prometheus_client.exposition import choose_encoder

    from opsadmin.faces.metrics_collector import registry_of

    try:
        readings = _readings.latest()
    except OperationError as error:  # of the settings, not of the request
        return refused(error, 500)
    encode, content_type = choose_encoder(request.headers.get("Accept", ""))
    return HttpResponse(
        encode(registry_of(readings)),
        content_type=content_type,
        headers={"Cache-Control": "no-store", "Vary": "Accept"},
    )


def run_metrics(arguments: Sequence[str] = (), out: TextIO | None = None) -> int:
    """Print the gauges once, or write them to a file; the exit code. `arguments` as typed after `ops metrics`.

    Raises `OperationFailed` without the extra, and where the file cannot be written; `OperationError` where the
    settings name a database that there is not."""
    parser = argparse.ArgumentParser(
        prog="manage.py ops metrics", description=_("Print the metrics that Prometheus reads.")
    )
    parser.add_argument(
        "--output", metavar="FILE", help=_("Write them to FILE, in one step: for a node exporter's textfile collector.")
    )
    options = parser.parse_args(arguments)
    if sentence := missing():
        raise OperationFailed(sentence)
    from prometheus_client import generate_latest, write_to_textfile

    from opsadmin.faces.metrics_collector import registry_of

    registry = registry_of(Readings().latest())
    if options.output is None:
        (out or sys.stdout).write(generate_latest(registry).decode())
        return 0
    try:
        write_to_textfile(options.output, registry)
    except OSError as error:
        raise OperationFailed(
            _("The file %(path)s could not be written: %(reason)s.")
            % {"path": options.output, "reason": error.strerror or type(error).__name__},
            hint=_("The directory must exist, and this account must be allowed to write to it."),
        ) from error
    return 0
