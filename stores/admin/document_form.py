"""The form of a document, built from its definition.

Only what a person changed is judged and written; a value that was odd before stays as it is until it is touched. A
key that is absent stays absent until it is given a value: whether a dashboard reads an absent switch as on or off is
its own affair, so switches are selects with "not set" and not checkboxes, which could only say on and off. A value of
a type that the form cannot write is shown as JSON: text where a number belongs shows its quotes."""

from __future__ import annotations

import re
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from stores.admin.document_save import value_text
from stores.admin.document_windows import WindowFormSet, day_names, read_windows, window_initial
from stores.backends.protocol import Document
from stores.documents import Section, definition, known_keys, validate
from stores.documents.fields import (
    BoolField,
    ChoiceField,
    Field,
    FloatField,
    IntField,
    ListField,
    NumberField,
    ObjectField,
    TextField,
)
from stores.documents.remark import Remark

Keys = tuple[str, ...]
ABSENT: Any = object()
WINDOWS = "time_windows"
_WHOLE = re.compile(r"[+-]?[0-9]{1,30}")


def input_name(keys: Keys) -> str:
    return "-".join(keys)


def path_of(keys: Keys) -> str:
    return ".".join(keys)


def value_at(document: Any, keys: Keys) -> Any:
    """The value at the place; `ABSENT` where there is none."""
    for key in keys:
        if not isinstance(document, dict) or key not in document:
            return ABSENT
        document = document[key]
    return document


def _fits(field: Field, value: Any) -> bool:
    return not any(remark.code == "type" for remark in field.remarks(value, "", strict=False))


def text_of(field: Field, value: Any) -> str:
    """What an input shows of a value."""
    if value is ABSENT or value is None:
        return ""
    if not _fits(field, value):
        return value_text(value)
    return value if isinstance(value, str) else value_text(value)


def _plain(text: str) -> str:
    """Browsers send line ends as CR LF."""
    return text.replace("\r\n", "\n")


def parse(field: Field, text: str) -> Any:
    """The value that a person wrote; `ABSENT` for a key to leave out. Raises `forms.ValidationError`."""
    if isinstance(field, BoolField):
        return {"true": True, "false": False}.get(text, ABSENT)
    if isinstance(field, ChoiceField):
        return text or ABSENT
    if isinstance(field, TextField) and (text or not field.nullable):
        return _plain(text)
    text = text.strip()
    if not text:
        return None if field.nullable else ABSENT
    if isinstance(field, IntField):
        if not _WHOLE.fullmatch(text):
            raise forms.ValidationError(_("Write a whole number, as 120."))
        return int(text)
    if isinstance(field, FloatField):
        try:
            return int(text) if _WHOLE.fullmatch(text) else _number(text)
        except ValueError:
            raise forms.ValidationError(_("Write a number, as 21.5.")) from None
    return text


def _number(text: str) -> float:
    if not re.fullmatch(r"[+-]?[0-9]+[.,][0-9]+", text):  # neither nan nor 1e5
        raise ValueError(text)
    return float(text.replace(",", "."))


def _may_hold_members(value: Any) -> bool:
    return value is ABSENT or value is None or isinstance(value, dict)


@dataclass(frozen=True)
class Leaf:
    """One input: its place, its field, and for a secret the clear box beside it."""

    keys: Keys
    field: Field
    name: str
    group: str = ""


@dataclass(frozen=True)
class Part:
    """A section as the page shows it: groups of inputs, each with a heading where it is an object."""

    section: Section
    title: str
    help: str
    groups: list[tuple[str, list[dict[str, Any]]]]
    readonly: list[tuple[str, str, str]]
    has_windows: bool = False


class DocumentForm(forms.Form):
    """`base`: the sealed document that the form was first shown with; `shown`: what its inputs hold (default: base).

    After `is_valid()`, `mine` is the base with the person's changes. Errors stand at their inputs."""

    def __init__(self, kind: str, base: Document, data: Any = None, *, shown: Document | None = None) -> None:
        self.kind = kind
        self.base = base
        self.shown = base if shown is None else shown
        self.definition = definition(kind)
        self.mine: Document = deepcopy(base)
        super().__init__(data, label_suffix="")
        self.notes: dict[str, list[Remark]] = {}
        for remark in validate(kind, self.shown, strict=False):
            if remark.code != "unknown" and not self._is_sealed(remark):
                self.notes.setdefault(remark.path, []).append(remark)
        self.leaves = [leaf for leaf in self._leaves() if self._add(leaf)]
        self.windows = self._windows(data)

    def _is_sealed(self, remark: Remark) -> bool:
        return remark.path.startswith("ifttt_webhooks.")

    def _leaves(self) -> list[Leaf]:
        found = []
        for keys, field in self.definition.leaves():
            top = self.definition.field(keys[0])
            if isinstance(field, ListField) or top is None or not top.editable:
                continue
            if len(keys) > 1 and not _may_hold_members(value_at(self.base, keys[:-1])):
                continue  # not an object: only the JSON page can repair that
            found.append(Leaf(keys, field, input_name(keys), _(top.label) if len(keys) > 1 else ""))
        return found

    def _add(self, leaf: Leaf) -> bool:
        field, name = leaf.field, leaf.name
        value = value_at(self.shown, leaf.keys)
        text = text_of(field, value)
        attrs: dict[str, Any] = {"autocomplete": "off", "spellcheck": "false"}
        made: forms.Field
        if field.secret:
            # What was typed comes back after an error; what is stored never enters the page.
            stored = value_at(self.base, leaf.keys)
            hidden = {**attrs, "autocomplete": "new-password"}
            made = forms.CharField(widget=forms.PasswordInput(render_value=True, attrs=hidden))
            text = value if isinstance(value, str) and value != stored else ""
            if stored is not ABSENT and stored not in ("", None):
                label = _("Clear %(name)s") % {"name": _(field.label)}
                self.fields[f"{name}-clear"] = forms.BooleanField(label=label, required=False, initial=value == "")
            value = stored
        elif isinstance(field, BoolField | ChoiceField):
            made = forms.ChoiceField(choices=self._choices(field, value, text))
        else:
            if isinstance(field, NumberField):
                attrs["inputmode"] = "numeric" if isinstance(field, IntField) else "decimal"
                attrs["class"] = "documents-number"
            if field.default is not None:
                attrs["placeholder"] = str(field.default)
            if "\n" in text or "\r" in text:
                made = forms.CharField(widget=forms.Textarea(attrs={**attrs, "rows": 4}), strip=False)
            else:
                made = forms.CharField(widget=forms.TextInput(attrs=attrs), strip=False)
        made.required = False
        made.label = _(field.label)
        made.initial = text
        made.help_text = self._help(leaf, value)
        self.fields[name] = made
        return True

    def _choices(self, field: Field, value: Any, text: str) -> list[tuple[str, str]]:
        choices: list[tuple[str, str]] = [("", _("not set"))]
        if isinstance(field, BoolField):
            choices += [("true", _("on")), ("false", _("off"))]
        elif isinstance(field, ChoiceField):
            choices += [(name, _(label)) for name, label in field.choices]
        if text not in dict(choices):
            choices.append((text, _("as it is: %(value)s") % {"value": text[:80]}))
        return choices

    def _help(self, leaf: Leaf, value: Any) -> SafeString:
        field = leaf.field
        words = [_(field.help)] if field.help else []
        if isinstance(field, NumberField) and field.range_text():
            words.append(f"{field.range_text()}{' ' + _(field.unit) if field.unit else ''}.")
        elif isinstance(field, NumberField) and field.unit:
            words.append(_(field.unit) + ".")
        if field.default is not None:
            words.append(_("Default: %(value)s.") % {"value": field.default})
        if field.secret:
            stored = value is not ABSENT and value not in ("", None)
            words.append(
                _("Stored: %(masked)s. Leave empty to keep it.") % {"masked": value} if stored else _("None stored.")
            )
        notes = self.notes.get(path_of(leaf.keys), [])
        return format_html(
            "{}{}",
            " ".join(words),
            format_html_join(
                "",
                '<span class="documents-note"><strong>{}</strong> {}</span>',
                ((_("As it is now:"), note.message) for note in notes),
            ),
        )

    # --- windows ---------------------------------------------------------------------------------------------------

    def _windows(self, data: Any) -> Any:
        """The rows of the time windows; None where the document has none to edit or holds something else there."""
        if self.definition.field(WINDOWS) is None:
            return None
        windows = self.shown.get(WINDOWS, [])
        if not isinstance(windows, list) or not all(isinstance(window, dict) for window in windows):
            return None
        return WindowFormSet(data, initial=[window_initial(window) for window in windows], prefix=WINDOWS)

    # --- judging ---------------------------------------------------------------------------------------------------

    def clean(self) -> dict[str, Any]:
        changed: dict[str, str] = {}
        for leaf in self.leaves:
            if leaf.name in self.errors:
                continue
            text = self.cleaned_data.get(leaf.name, "")
            if leaf.field.secret:
                if self._read_secret(leaf, text):
                    changed[path_of(leaf.keys)] = leaf.name
                continue
            if _plain(text) == _plain(text_of(leaf.field, value_at(self.base, leaf.keys))):
                continue
            try:
                self._put(leaf.keys, parse(leaf.field, text))
            except forms.ValidationError as error:
                self.add_error(leaf.name, error)
            else:
                changed[path_of(leaf.keys)] = leaf.name
        windows_changed = self._read_windows()
        for remark in validate(self.kind, self.mine, strict=True):
            if remark.code == "unknown":
                continue
            if remark.path in changed:
                self.add_error(changed[remark.path], remark.message)
            elif remark.code == "relation":
                for path, name in changed.items():
                    if path.rpartition(".")[0] == remark.path.rpartition(".")[0] and path.endswith("max_temp"):
                        self.add_error(name, remark.message)
            elif windows_changed and remark.path.startswith(WINDOWS):
                self._window_error(remark)
        return self.cleaned_data

    def _read_secret(self, leaf: Leaf, text: str) -> bool:
        clear = self.cleaned_data.get(f"{leaf.name}-clear", False)
        if text and clear:
            self.add_error(leaf.name, _("Either write a new address or clear the stored one."))
        elif text:
            self._put(leaf.keys, text)
            return True
        elif clear:
            self._put(leaf.keys, "")
        return False

    def _put(self, keys: Keys, value: Any) -> None:
        holder: Any = self.mine
        for key in keys[:-1]:
            if not isinstance(holder.get(key), dict):
                if value is ABSENT or value is None:
                    return
                holder[key] = {}
            holder = holder[key]
        if value is ABSENT:
            holder.pop(keys[-1], None)
        else:
            holder[keys[-1]] = value

    def _read_windows(self) -> bool:
        if self.windows is None:
            return False
        if not self.windows.is_valid():
            self.add_error(None, _("Correct the time windows below."))
            return False
        self.rows: list[Any] = []
        windows, self.rows, changed = read_windows(self.windows, self.base.get(WINDOWS, []))
        if changed:
            self.mine[WINDOWS] = windows
        return changed

    def _window_error(self, remark: Remark) -> None:
        found = re.fullmatch(r"time_windows\[(\d+)\]\.?(\w+)?.*", remark.path)
        if found and self.rows[int(found[1])].has_changed():
            row = self.rows[int(found[1])]
            row.add_error(found[2] if found[2] in row.fields else None, remark.message)
            if not self.non_field_errors():
                self.add_error(None, _("Correct the time windows below."))

    # --- showing ---------------------------------------------------------------------------------------------------

    def parts(self) -> list[Part]:
        """The sections with their inputs, in the definition's order."""
        return [self._part(section) for section in self.definition.sections]

    def _part(self, section: Section) -> Part:
        groups: list[tuple[str, list[dict[str, Any]]]] = []
        readonly = []
        names = {leaf.name: leaf for leaf in self.leaves}
        for field in self.definition.fields:
            if field.section != section.name or isinstance(field, ListField):
                continue
            places: list[Keys] = [(field.key,)]
            title = ""
            if isinstance(field, ObjectField):
                places = [(field.key, member.key) for member in field.fields]
                title = _(field.label)
            rows = []
            for keys in places:
                leaf = names.get(input_name(keys))
                if leaf is not None:
                    clear = f"{leaf.name}-clear"
                    rows.append({"field": self[leaf.name], "clear": self[clear] if clear in self.fields else None})
            if rows and (title or not groups or groups[-1][0]):
                groups.append((title, rows))
            elif rows:
                groups[-1][1].extend(rows)
            if not rows:
                value = value_at(self.shown, (field.key,))
                readonly.append((_(field.label), self._readonly(value), _(field.help) if field.help else ""))
        return Part(section, _(section.title), _(section.help), groups, readonly, section.name == "windows")

    def _readonly(self, value: Any) -> str:
        return _("not set") if value is ABSENT else value_text(value)

    @property
    def windows_unreadable(self) -> bool:
        return self.windows is None and self.definition.field(WINDOWS) is not None

    def unknown(self) -> list[tuple[str, str]]:
        """The keys that the dashboard does not know, with their values."""
        known = known_keys(self.kind)
        return [(key, value_text(value)) for key, value in self.shown.items() if key not in known]

    def relations(self) -> list[Remark]:
        """Remarks that stand at no input: on whole objects, and inside windows."""
        places = {path_of(leaf.keys) for leaf in self.leaves}
        return [note for path, notes in self.notes.items() if path not in places for note in notes]


def read_view(kind: str, sealed: Document) -> list[tuple[str, list[tuple[str, str]]]]:
    """Every section with (label, value), for who may look and not change."""
    found = []
    for section in definition(kind).sections:
        rows = []
        for keys, field in definition(kind).leaves():
            top = definition(kind).field(keys[0])
            if top is None or top.section != section.name:
                continue
            label = f"{_(top.label)}: {_(field.label)}" if len(keys) > 1 else _(field.label)
            rows.append((label, _shown(field, value_at(sealed, keys))))
        found.append((_(section.title), rows))
    return found


def _shown(field: Field, value: Any) -> str:
    if value is ABSENT:
        return _("not set")
    if isinstance(field, ListField) and isinstance(value, list):
        return "; ".join(_window_text(window) for window in value) or _("none")
    if isinstance(field, ChoiceField):
        return _(dict(field.choices).get(value, value_text(value))) if isinstance(value, str) else value_text(value)
    if isinstance(value, bool):
        return _("on") if value else _("off")
    text = value if isinstance(value, str) else value_text(value)
    return f"{text} {_(field.unit)}" if field.unit and _fits(field, value) and value is not None else text


def _window_text(window: Any) -> str:
    if not isinstance(window, dict) or not isinstance(window.get("days"), list):
        return value_text(window)
    names = dict(day_names())
    days = ", ".join(str(names.get(day, day)) for day in window["days"])
    return f"{days} {window.get('start', '?')}–{window.get('end', '?')}"
