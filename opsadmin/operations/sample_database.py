"""One more look for the trends, now."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from opsadmin.core.operation import Call, Effect, operation
from opsadmin.core.params import OnDatabase, parameter
from opsadmin.postgres.aliases import resolve_alias
from opsadmin.workload.sampler import Sampled, sample


@dataclass(frozen=True, kw_only=True)
class Parameters(OnDatabase):
    if_due: bool = parameter(
        False,
        help="Only where the schedule would look too: a host that sleeps is not woken while nobody else is at work.",
    )


@operation(
    "sample_database",
    title=_("Take a sample"),
    summary=_(
        "Read what PostgreSQL has counted since the last sample, and keep it for the trends in the site's own database. Changes "
        "nothing in PostgreSQL. The schedule does it every five minutes."
    ),
    group="health",
    effect=Effect.WRITES,
    permission="opsadmin.sample_database",
    parameters=Parameters,
)
def run(parameters: Parameters, call: Call) -> Sampled:
    return sample(resolve_alias(parameters.database), scheduled=parameters.if_due)
