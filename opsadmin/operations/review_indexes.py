"""Whether followed indexes kept their promise."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from opsadmin.core.operation import Call, operation
from opsadmin.core.params import OnDatabase, parameter
from opsadmin.follow.result import Review
from opsadmin.follow.review import review
from opsadmin.follow.verdict import Rules
from opsadmin.postgres.aliases import resolve_alias


@dataclass(frozen=True, kw_only=True)
class Parameters(OnDatabase):
    index: str = parameter(
        "", help="Only this index, as in public.orders_customer_id_idx. Left out: all that are followed."
    )
    min_calls: int = parameter(
        Rules.min_calls, help="So many calls of its statements make a verdict.", minimum=1, maximum=1_000_000
    )
    unused_days: float = parameter(
        Rules.unused_days, help="An index that nobody reads for so many days is unused.", minimum=0.01, maximum=3650
    )


@operation(
    "review_indexes",
    title=_("Did indexes keep their promise"),
    summary=_(
        "What the statements of each followed index cost before it was there and since, how often it is read, and the "
        "verdict: kept its promise, did not (and what to do), too early, unused (drop it?), gone."
    ),
    group="index",
    parameters=Parameters,
)
def run(parameters: Parameters, call: Call) -> Review:
    rules = Rules(min_calls=parameters.min_calls, unused_days=parameters.unused_days)
    return review(resolve_alias(parameters.database), parameters.index, rules)
