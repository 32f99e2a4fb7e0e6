"""Bring what was written on this host's JSON copies back into PostgreSQL; list and settle what both sides changed."""

from __future__ import annotations

import argparse
import json
from typing import Any

from django.core.management.base import CommandError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from stores import conflicts, switching
from stores.conflicts import ValueChanged
from stores.errors import StoreError
from stores.models import StoreConflict
from stores.runs.resync import resync_store
from stores.runs.run import DONE, FAILED, REFUSED, UNDECIDED
from stores.sync.command import SyncCommand, command_writer
from stores.sync.merge import ABSENT
from stores.sync.show import Block, as_json
from stores.sync.show_resync import ID_LENGTH, conflict_lines


class Command(SyncCommand):
    help = (
        "Bring what was written on this host's JSON copies back into PostgreSQL, by a three-way merge of each document. "
        "Shows what would change and writes nothing unless --apply is given. A host that went to its copies by itself "
        "returns to PostgreSQL with it; one that an operator switched stays (switch_store postgres is its way back). "
        "What both sides changed keeps one value and waits for you: --conflicts lists, --settle decides. "
        "Exit code: 0 done or nothing to do, 1 failed, 2 wrong usage, 3 a person must decide: before the resync, or "
        "conflicts wait."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        mode = parser.add_mutually_exclusive_group()
        mode.add_argument("--dry-run", action="store_true", help="Show what would be done (the default).")
        mode.add_argument("--apply", action="store_true", help="Do it.")
        mode.add_argument("--conflicts", action="store_true", help="List the conflicts that wait.")
        mode.add_argument("--settle", metavar="ID", help="Settle a conflict; the first digits of its id are enough.")
        parser.add_argument(
            "--strategy",
            choices=switching.STRATEGIES,
            default="rules",
            help="Who wins where both sides changed something: the documents' rules (the default; they stop where "
            "PostgreSQL was emptied or restored), ours (the copy), theirs (PostgreSQL), or the newest change.",
        )
        parser.add_argument("--reason", default="", metavar="TEXT", help="Why: it is kept with the revisions.")
        parser.add_argument("--take", choices=["ours", "theirs", "base"], help="With --settle: the value that holds.")
        parser.add_argument("--value", metavar="JSON", help="With --settle: another value, as JSON.")
        parser.add_argument(
            "--force", action="store_true", help="With --settle: also where the value was changed since."
        )
        parser.add_argument("--json", action="store_true", help="Print one JSON object and nothing else.")

    def work(self, options: dict[str, Any]) -> tuple[int, str]:
        settles = options["settle"] is not None
        if not settles and (options["take"] or options["value"] is not None or options["force"]):
            raise CommandError(_("--take, --value and --force go with --settle ID."), returncode=REFUSED)
        if settles:
            return self._settle(options)
        if options["conflicts"]:
            return self._list(options)
        return self._resync(options)

    # --- the resync ------------------------------------------------------------------------------------------------

    def _resync(self, options: dict[str, Any]) -> tuple[int, str]:
        run = resync_store(
            options["reason"], command_writer("resync_store"), strategy=options["strategy"], apply=options["apply"]
        )
        return self.told(run, as_json=options["json"])

    # --- conflicts -------------------------------------------------------------------------------------------------

    def _list(self, options: dict[str, Any]) -> tuple[int, str]:
        try:
            found = conflicts.open_conflicts()
        except StoreError as error:
            return self._failed("list", str(error), options)
        code = UNDECIDED if found else DONE
        shown = [(conflict, conflicts.values(conflict).masked(conflict)) for conflict in found]
        if options["json"]:
            listed = [_as_dict(conflict, values) for conflict, values in shown]
            return code, as_json({"command": "resync_store", "exit_code": code, "conflicts": listed}, indent=2) + "\n"
        paper = self.paper()
        paper.title(_("Conflicts"), "")
        for kind in sorted({conflict.kind for conflict in found}):
            lines = [
                line
                for conflict, values in shown
                if conflict.kind == kind
                for line in conflict_lines(
                    _Shown(conflict, values), f"{conflict.id[:ID_LENGTH]}  {conflict.at:%Y-%m-%d %H:%M:%S %Z}"
                )
            ]
            paper.block(Block(kind, "", "", None, more=lines))
        if not found:
            paper.closing(_("No conflict waits for a decision."))
        else:
            waits = ngettext("%d conflict waits for a decision.", "%d conflicts wait for a decision.", len(found))
            paper.closing(
                waits % len(found), _("Settle one with: resync_store --settle ID --take ours|theirs|base"), good=False
            )
        return code, paper.text()

    def _settle(self, options: dict[str, Any]) -> tuple[int, str]:
        take, text = options["take"], options["value"]
        if (take is None) == (text is None):
            raise CommandError(
                _("Say what holds: --take ours (the copy), theirs (PostgreSQL) or base (before), or --value JSON."),
                returncode=REFUSED,
            )
        value: Any = ABSENT
        if text is not None:
            try:
                value = json.loads(text)
            except ValueError:
                raise CommandError(
                    _("--value is not JSON. A text stands in quotes: --value '\"winter\"'"), returncode=REFUSED
                ) from None
        try:
            conflict = conflicts.find_conflict(options["settle"])
            revision = conflicts.settle(
                conflict, take or "other", value, who=command_writer("resync_store"), force=options["force"]
            )
            left = len(conflicts.open_conflicts())
        except ValueChanged as error:
            return self._failed("settle", f"{error} (--force)", options, code=UNDECIDED)
        except StoreError as error:
            return self._failed("settle", str(error), options)
        message = _("Settled: %(path)s of %(kind)s.") % {"path": conflict.path, "kind": conflict.kind}
        if revision is not None:
            message += " " + _("It is revision %(revision)d.") % {"revision": revision}
        waits = ngettext("%d conflict waits still.", "%d conflicts wait still.", left) % left
        if options["json"]:
            done = {"message": message, "revision": revision, "open_conflicts": left}
            return DONE, as_json({"command": "resync_store", "exit_code": DONE, **done}, indent=2) + "\n"
        paper = self.paper()
        paper.closing(message, waits if left else _("No conflict waits any more."))
        return DONE, paper.text().lstrip("\n")

    def _failed(self, what: str, error: str, options: dict[str, Any], *, code: int = FAILED) -> tuple[int, str]:
        if options["json"]:
            return code, as_json({"command": "resync_store", "exit_code": code, "error": error}, indent=2) + "\n"
        raise CommandError(error, returncode=code)


class _Shown:
    """A conflict with masked values, as it is shown."""

    def __init__(self, conflict: StoreConflict, values: conflicts.ConflictValues) -> None:
        self.path = conflict.path
        self.base, self.ours, self.theirs = values.base, values.ours, values.theirs
        self.kept, self.rule = conflict.kept, conflict.rule


def _as_dict(conflict: StoreConflict, values: conflicts.ConflictValues) -> dict[str, Any]:
    """A side where the key is not there is left out, so that null stays a value of its own."""
    return {
        "id": conflict.id,
        "kind": conflict.kind,
        "path": conflict.path,
        "at": conflict.at.isoformat(),
        "kept": conflict.kept,
        "rule": conflict.rule,
        **{side: value for side, value in vars(values).items() if value is not ABSENT},
    }
