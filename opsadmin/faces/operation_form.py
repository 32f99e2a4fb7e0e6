"""The form of an operation, made from its parameters, and what was given back as the operation takes it."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from opsadmin.core.errors import OperationError
from opsadmin.core.operation import Operation
from opsadmin.core.params import Parameter
from opsadmin.faces.sql_file import split_statements
from opsadmin.postgres.aliases import default_alias, postgres_aliases

#: Names that begin so are the page's own, not parameters.
OWN = "_"
CSRF = "csrfmiddlewaretoken"


class Flag(forms.CheckboxInput):
    """A box that says no where it is empty: a form leaves that out, and the default may be yes."""

    def __init__(self) -> None:
        super().__init__(check_test=lambda value: value == "true")

    def format_value(self, value: Any) -> str:
        return "true"

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        box = super().render(name, value, attrs, renderer)
        return format_html('<input type="hidden" name="{}" value="false">{}', name, box)

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        return data.get(name)


class OperationForm(forms.Form):
    """Shows what was given; the operation itself judges it (`complain`)."""

    def __init__(self, operation: Operation, values: Mapping[str, Any]) -> None:
        self.shown = shown_parameters(operation)
        data = {one.name: _as_shown(one, values.get(one.name, one.default)) for one in self.shown}
        super().__init__(data, auto_id="id_%s")
        for one in self.shown:
            self.fields[one.name] = forms.Field(
                label=_label(one), help_text=_help(one), required=False, widget=_widget(one)
            )
        self.full_clean()

    def complain(self, error: OperationError) -> None:
        """Put the error at its field; one about no field of this form stands above all."""
        self.add_error(error.parameter if error.parameter in self.fields else None, error.message)

    @property
    def rows(self) -> list[tuple[forms.BoundField, bool]]:
        """The fields, each with whether it must be given."""
        return [(self[one.name], one.required) for one in self.shown]


def shown_parameters(operation: Operation) -> list[Parameter]:
    """The parameters that a person is asked for: the database only where there is a choice. No page waits for long work."""
    several = len(postgres_aliases()) > 1
    hidden = {"wait"} if operation.is_long else set()
    hidden |= set() if several else {"database"}
    return [one for one in operation.fields if one.name not in hidden]


def given_in(operation: Operation, query: QueryDict) -> dict[str, Any]:
    """The parameters in a query or a form, by whatever spelling. What is empty is left out.

    Raises `OperationError` where a list cannot be read."""
    known = {spelling: one for one in operation.fields for spelling in (one.name, *one.spellings)}
    given: dict[str, Any] = {}
    for name in query:
        if name.startswith(OWN) or name == CSRF:
            continue
        values = [value for value in query.getlist(name) if value.strip()]
        one = known.get(name)
        if not values:
            continue
        if one is not None and one.several:
            given[name] = ",".join(values)
        elif one is not None and one.kind == "list":
            given[name] = [item for value in values for item in _items(one, value)]
        else:
            given[name] = values[-1].replace("\r\n", "\n")
    return given


def is_long(operation: Operation) -> bool:
    """Whether a parameter may be too long for an address, or should not stand in a log of addresses: SQL."""
    return any(one.multiline or one.kind == "json" for one in operation.fields)


def changed(operation: Operation, parameters: Any) -> dict[str, Any]:
    """The parameters that differ from their defaults."""
    return {
        one.name: getattr(parameters, one.name)
        for one in operation.fields
        if one.required or getattr(parameters, one.name) != one.default
    }


def query_of(values: Mapping[str, Any]) -> QueryDict:
    """The values as an address has them."""
    query = QueryDict(mutable=True)
    for name, value in values.items():
        match value:
            case list() if all(isinstance(item, str) and "\n" not in item for item in value):
                query.setlist(name, value)
            case str():
                query[name] = value
            case _:
                query[name] = json.dumps(value, ensure_ascii=False)
    return query


def command_of(operation: Operation, values: Mapping[str, Any]) -> str:
    """What does the same on the command line."""
    words = ["python", "manage.py", "ops", operation.name]
    for name, value in values.items():
        option = f"--{name.replace('_', '-')}"
        match value:
            case bool():
                words.append(option if value else f"--no-{name.replace('_', '-')}")
            case list() if all(isinstance(item, str) for item in value):
                for item in value:
                    words += [option, item]
            case str():
                words += [option, value]
            case _:
                words += [option, json.dumps(value, ensure_ascii=False)]
    return shlex.join(words)


def _items(one: Parameter, text: str) -> list[str]:
    if text.lstrip().startswith("["):
        try:
            found = json.loads(text)
        except ValueError as error:
            raise OperationError(f"{one.name} is no JSON list: {error}.", parameter=one.name) from None
        return [item if isinstance(item, str) else json.dumps(item) for item in found]
    if one.multiline:
        return split_statements(text)
    return [line.strip() for line in text.splitlines() if line.strip()]


def _as_shown(one: Parameter, value: Any) -> Any:
    """A value as the widget takes it."""
    if one.several and isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip() in one.choices]
    if one.name == "database":
        return value or default_alias()
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list) and one.kind == "list":
        between = ";\n" if one.multiline else "\n"
        return between.join(value)
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False, indent=2) if value else ""
    return str(value)


def _is_area(one: Parameter) -> bool:
    return one.multiline or one.kind in ("list", "json")


def _widget(one: Parameter) -> forms.Widget:
    needed: dict[str, Any] = {"required": True} if one.required else {}
    if one.name == "database":
        return forms.Select(needed, [(alias, alias) for alias in postgres_aliases()])
    if one.choices and one.several:
        return forms.CheckboxSelectMultiple(choices=[(choice, choice) for choice in one.choices])
    if one.choices:
        nothing = [("", _("(not said)"))] if one.nullable else []
        return forms.Select(needed, [*nothing, *((choice, choice) for choice in one.choices)])
    if one.kind == "flag":
        return Flag()
    if one.kind in ("integer", "number"):
        bounds = {"min": one.minimum, "max": one.maximum, "step": None if one.kind == "integer" else "any"}
        return forms.NumberInput(
            {**needed, **{name: _plain(value) for name, value in bounds.items() if value is not None}}
        )
    if _is_area(one):
        return forms.Textarea({**needed, "rows": 8 if one.multiline else 4, "spellcheck": "false"})
    return forms.TextInput({**needed, "spellcheck": "false", "autocomplete": "off"})


def _plain(value: Any) -> Any:
    return f"{value:g}" if isinstance(value, float) else value


def _label(one: Parameter) -> str:
    return one.name.replace("_", " ").capitalize()


def _help(one: Parameter) -> str:
    if one.kind == "list":
        how = (
            _("Several are set apart by a semicolon; a JSON list is taken too.")
            if one.multiline
            else _("One per line; a JSON list is taken too.")
        )
        return f"{one.help} {how}"
    return one.help + " " + _("As JSON.") if one.kind == "json" else one.help
