"""What another app knows of an object that a finding is about: why it is there, and why the fix would not hold."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Any

from opsadmin.core.finding import Finding


@dataclass(frozen=True)
class Note:
    """`check` and `object` are patterns as a shell has them. `text` stands in place of the finding's hint, and of its fix;
    it may be a lazy translation."""

    check: str
    object: str
    text: Any


_notes: list[Note] = []


def register_note(check: str, object: str, text: Any) -> None:
    """Say, from an app's `operations` module, what an operator must know before following a finding's advice."""
    _notes.append(Note(check, object, text))


def note_on(check: str, object: str) -> str:
    """What is known of an object that a check is about; empty where nothing is."""
    for note in _notes:
        if fnmatchcase(check, note.check) and fnmatchcase(object, note.object):
            return str(note.text)
    return ""


def with_note(finding: Finding) -> Finding:
    """The finding with what is known of its object; without one, as it is."""
    text = note_on(finding.check, finding.object)
    return replace(finding, hint=text, fix_sql="", fix_command="", lock="") if text else finding
