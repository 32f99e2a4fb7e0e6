"""A form field for one JSON value of a table: it refuses what jsonb cannot hold before anything is written, as the
documents' pages do, and shows again exactly what a person typed."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.fields import InvalidJSONInput
from django.utils.translation import gettext_lazy as _

from stores.backends.json_text import parse_file
from stores.errors import DocumentError, Problem

#: The reader of documents wants an object, so another value is put into one, on the same line.
_KEY = "value"
_BEFORE = f'{{"{_KEY}":'


class JsonValueField(forms.JSONField):
    """Any JSON value but null: {} and [] are values like others."""

    empty_values = [None, ""]
    default_error_messages = {"required": _("Write a JSON value, as {} or 21.5. null alone cannot be stored.")}

    def to_python(self, value: Any) -> Any:
        if value in self.empty_values:
            return None
        wrapped = not value.lstrip().startswith("{")
        text = f"{_BEFORE}{value}\n}}" if wrapped else value
        try:
            found = parse_file(text.encode("utf-8", "surrogatepass"), source="")
        except DocumentError as error:
            told = [str(_unwrapped(problem) if wrapped else problem) for problem in error.problems]
            raise ValidationError(told, code="invalid") from None
        if wrapped and list(found) != [_KEY]:
            raise ValidationError(_("Write one JSON value: what follows it must go."), code="invalid")
        return json.loads(value)

    def bound_data(self, data: Any, initial: Any) -> Any:
        return InvalidJSONInput(data) if isinstance(data, str) else data


def _unwrapped(problem: Problem) -> Problem:
    """The problem as seen from the value alone."""
    path = problem.path.removeprefix(_KEY).removeprefix(".")
    column = problem.column
    if column is not None and problem.line == 1:
        column = max(1, column - len(_BEFORE))
    return replace(problem, path=path, column=column)
