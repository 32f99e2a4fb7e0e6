"""Following an index that was not made here, or is yet to come."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from opsadmin.core.errors import OperationError
from opsadmin.core.operation import Call, Effect, Preview, operation
from opsadmin.core.params import OnDatabase, parameter
from opsadmin.follow.begin import MOST_STATEMENTS
from opsadmin.follow.names import parts_of
from opsadmin.follow.wish import Followed, follow, followed_already, unfollow
from opsadmin.postgres.aliases import resolve_alias


@dataclass(frozen=True, kw_only=True)
class Parameters(OnDatabase):
    index: str = parameter(help="The index, as in public.orders_customer_id_idx. It need not be there yet.")
    queryids: list[str] = parameter(
        [], help=f"The statements that it is to serve, as get_top_queries numbers them; {MOST_STATEMENTS} at most."
    )
    queries: list[str] = parameter([], help="Statements that it is to serve, as SQL.")
    ddl: str = parameter("", help="The CREATE INDEX, to show what makes it again.", multiline=True)
    promised_gain: float | None = parameter(
        None, help="The part of the cost that it is to take off, 0 to 1, as the advice says.", minimum=0, maximum=1
    )
    stop: bool = parameter(False, help="No longer follow it, and forget what was counted.")


def preview(parameters: Parameters, call: Call) -> Preview:
    parts_of(parameters.index)
    already = followed_already(resolve_alias(parameters.database), parameters.index)
    words = {"index": parameters.index}
    if not parameters.stop:
        text = _("What the statements of %(index)s cost, and how often it is read, is counted from now on.") % words
        return Preview((text, _("Nothing is changed in PostgreSQL.")), refusal=already)
    text = _("%(index)s is followed no longer, and what was counted of it is forgotten. The index stays.") % words
    refusal = "" if already else _("The index %(index)s is not followed.") % {"index": repr(parameters.index)}
    return Preview((text,), refusal=refusal)


@operation(
    "follow_index",
    title=gettext_lazy("Follow an index"),
    summary=gettext_lazy(
        "Count what an index's statements cost from now on, so that review_indexes can say whether it kept its promise. An "
        "index that a migration will make is best followed before it is there. Changes nothing in PostgreSQL."
    ),
    group="index",
    effect=Effect.WRITES,
    permission="opsadmin.follow_index",
    parameters=Parameters,
    preview=preview,
)
def run(parameters: Parameters, call: Call) -> Followed:
    alias = resolve_alias(parameters.database)
    if parameters.stop:
        return unfollow(alias, parameters.index)
    wrong = [one for one in parameters.queryids if not one.strip().lstrip("-").isdecimal()]
    if wrong:
        raise OperationError(
            _("queryids has %(wrong)r; it must be whole numbers, as get_top_queries shows them.") % {"wrong": wrong[0]},
            parameter="queryids",
        )
    count = len(parameters.queryids) + len(parameters.queries)
    if count > MOST_STATEMENTS:
        raise OperationError(
            _("%(count)d statements are too many to follow; at most %(most)d.")
            % {"count": count, "most": MOST_STATEMENTS},
            parameter="queryids",
        )
    return follow(
        alias,
        parameters.index,
        ddl=parameters.ddl,
        queries=[
            *({"queryid": one.strip()} for one in parameters.queryids),
            *({"sql": one} for one in parameters.queries),
        ],
        promise=None if parameters.promised_gain is None else 1 - parameters.promised_gain,
    )
