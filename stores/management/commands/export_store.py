"""Write the documents in PostgreSQL into files as the dashboard has them: the way back from migrate_to_postgres."""

from __future__ import annotations

import argparse
from typing import Any

from django.core.management.base import CommandError
from django.utils.translation import gettext as _

from stores.backends.protocol import KINDS
from stores.errors import StoreError
from stores.runs.export import export
from stores.runs.run import DONE, FAILED, domain, dsn
from stores.sync.apply import read_documents
from stores.sync.command import SyncCommand
from stores.sync.export import file_text
from stores.sync.plan import Held

BOTH = "both"


class Command(SyncCommand):
    help = (
        "Write the documents in PostgreSQL into settings.json and state.json, in the dashboard's format. Without "
        "paths it writes both files to their configured places; with one path, that document alone. A different file "
        "is replaced only with --force, and a copy of it is kept. Exit code: 0 done or nothing to do, 1 failed, "
        "2 refused."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        self.add_paths(parser)
        parser.add_argument("--force", action="store_true", help="Replace different files; copies are kept.")
        parser.add_argument(
            # call_command() knows an option by the first of its names, and `stdout` is its stream to write to.
            "--print",
            "--stdout",
            dest="printed",
            nargs="?",
            const=BOTH,
            choices=[*KINDS, BOTH],
            help="Print instead of writing files: one document, or both in one object with their names as keys.",
        )
        parser.add_argument("--json", action="store_true", help="Print one JSON object about the run and nothing else.")

    def work(self, options: dict[str, Any]) -> tuple[int, str]:
        named = any(options[f"{kind}_path"] for kind in KINDS)
        if options["printed"]:
            if named or options["json"] or options["force"]:
                raise CommandError(_("--stdout prints the documents and goes with no other option."), returncode=2)
            return self._print(options["printed"])
        run = export(self.paths(options), named=named, force=options["force"], writer="command:export_store")
        return self.told(run, as_json=options["json"])

    def _print(self, which: str) -> tuple[int, str]:
        kinds = KINDS if which == BOTH else (which,)
        try:
            held = read_documents(dsn(), kinds)
            texts = {kind: file_text(kind, _document(held[kind]), domain()) for kind in kinds}
        except StoreError as error:
            raise CommandError(str(error), returncode=FAILED) from None
        if which != BOTH:
            return DONE, texts[which]
        members = [f'  "{kind}": {text.rstrip().replace(chr(10), chr(10) + "  ")}' for kind, text in texts.items()]
        return DONE, "{\n" + ",\n".join(members) + "\n}\n"


def _document(held: Held) -> dict[str, Any]:
    if held.exists and held.document is None:
        raise StoreError(_("What PostgreSQL holds as %(kind)s is not a document.") % {"kind": held.kind})
    return held.document or {}
