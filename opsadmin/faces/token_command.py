"""`manage.py ops token`: make, list and revoke the keys of HTTP and MCP."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, TextIO

from django.contrib.auth import get_user_model
from django.db import Error as DatabaseError
from django.utils import timezone
from django.utils.translation import gettext as _

from opsadmin.core.blocks import Table, said
from opsadmin.core.errors import OperationError, OperationFailed
from opsadmin.core.operation import Effect
from opsadmin.core.result import plain
from opsadmin.faces.command_line import Parser
from opsadmin.faces.show import Paper
from opsadmin.faces.tokens import issue
from opsadmin.models import ApiToken

#: Ten years; who wants a longer one leaves it out.
MOST_DAYS = 3650


def run_token(words: Sequence[str], out: TextIO, err: TextIO, *, color: bool | None = None) -> int:
    """Do what the words after `ops token` ask for; the exit code.

    Raises `OperationError`."""
    parser = _parser()
    options = parser.parse_args(words)
    if options.what is None:
        out.write(parser.format_help())
        return 0
    try:
        match options.what:
            case "create":
                _create(options, out, err)
            case "revoke":
                _revoke(options, out)
            case _:
                _list(options, out, color)
    except DatabaseError:
        raise OperationFailed(_("The site database does not answer. Try `manage.py migrate` and `check`.")) from None
    return 0


def _parser() -> Parser:
    parser = Parser(
        prog="ops token",
        description=_("The tokens for HTTP (/ops-api/) and MCP (/mcp/). A token acts for its user."),
    )
    commands = parser.add_subparsers(dest="what", metavar="{create,list,revoke}")
    create = commands.add_parser("create", help=_("Make one. Its secret is printed once, alone on standard output."))
    create.add_argument("--user", required=True, metavar="NAME", help=_("Whose permissions it has."))
    create.add_argument("--name", required=True, metavar="TEXT", help=_("What it is for; stands in the log of runs."))
    create.add_argument(
        "--reach",
        choices=[effect.value for effect in Effect],
        default=Effect.READS.value,
        help=_("The furthest effect that it allows. Default: reads."),
    )
    create.add_argument(
        "--expires-days", type=int, metavar="DAYS", help=_("When it ends. Left out: when it is revoked.")
    )
    revoke = commands.add_parser("revoke", help=_("End one, at once."))
    revoke.add_argument("token", metavar="ID", help=_("Its number, its name, or what it begins with."))
    listing = commands.add_parser("list", help=_("Show them all, without their secrets."))
    for one in (create, revoke, listing):
        one.add_argument("--json", action="store_true", help=_("Print JSON and nothing else."))
    return parser


def _create(options: argparse.Namespace, out: TextIO, err: TextIO) -> None:
    users = get_user_model()
    try:
        user = users._default_manager.get_by_natural_key(options.user)
    except users.DoesNotExist:
        raise OperationError(_("There is no user %(name)r.") % {"name": options.user}, parameter="user") from None
    days = options.expires_days
    if days is not None and not 1 <= days <= MOST_DAYS:
        raise OperationError(
            _("--expires-days is %(days)d; it must be 1 to %(most)d.") % {"days": days, "most": MOST_DAYS},
            parameter="expires_days",
        )
    expires_at = timezone.now() + timedelta(days=days) if days is not None else None
    token, secret = issue(user, options.name, options.reach, expires_at)
    if options.json:
        out.write(json.dumps({**described(token), "token": secret}, indent=2) + "\n")
        return
    out.write(secret + "\n")
    err.write(
        _("Token %(id)d for %(user)s. It is shown only now: keep it where your secrets are.")
        % {"id": token.pk, "user": user.get_username()}
        + "\n"
    )


def _revoke(options: argparse.Namespace, out: TextIO) -> None:
    wanted = options.token.strip()
    found = [
        token
        for token in ApiToken.objects.all()
        if wanted in (str(token.pk), token.name) or wanted.startswith(token.hint)
    ]
    if len(found) != 1:
        problem = (
            _("No token has that number, name or beginning.")
            if not found
            else _("%(count)d tokens are called that: %(tokens)s.")
            % {"count": len(found), "tokens": ", ".join(f"{token.pk} ({token.hint}...)" for token in found)}
        )
        raise OperationError(problem, parameter="token", hint=_("`manage.py ops token list` shows them all."))
    token = found[0]
    shown = described(token)
    token.delete()
    if options.json:
        out.write(json.dumps({"revoked": shown}, indent=2) + "\n")
    else:
        out.write(_("Revoked: token %(id)d, %(name)s.") % {"id": shown["id"], "name": shown["name"]} + "\n")


def _list(options: argparse.Namespace, out: TextIO, color: bool | None) -> None:
    tokens = [described(token) for token in ApiToken.objects.select_related("user")]
    if options.json:
        out.write(json.dumps(tokens, indent=2) + "\n")
        return
    paper = Paper(out, color=color)
    names = ("id", "name", "user", "reach", "begins_with", "expires_at", "last_used_at")
    columns = (_("id"), _("name"), _("user"), _("reach"), _("begins with"), _("expires"), _("last used"))
    rows = tuple(tuple(said(name, token[name]) for name in names) for token in tokens)
    paper.blocks([Table("", columns, rows, frozenset({0}), empty=_("There is no token yet."))])
    out.write(paper.text())


def described(token: ApiToken) -> dict[str, Any]:
    """What may be shown of it."""
    return {
        "id": token.pk,
        "name": token.name,
        "user": token.user.get_username(),
        "reach": token.reach,
        "begins_with": token.hint,
        "created_at": plain(token.created_at),
        "expires_at": plain(token.expires_at),
        "last_used_at": plain(token.last_used_at),
    }
