"""The parameters of an operation: one frozen dataclass says them, and every door reads its form from it."""

from __future__ import annotations

import dataclasses
import json
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from opsadmin.core.errors import OperationError

Given = TypeVar("Given")

_TRUE = ("true", "yes", "on", "1")
_FALSE = ("false", "no", "off", "0")

#: Parameters of many operations stand behind their own.
_LAST = {"wait": 1, "database": 2}


@dataclass(frozen=True)
class Parameter:
    """One parameter. `kind`: text, integer, number, flag, list (of text) or json (a list or an object). `choices`: the
    allowed values; with `several` a comma list of them. `spellings`: other names it is taken by. `default` is
    meaningless where `required`."""

    name: str
    kind: str
    required: bool
    default: Any
    help: str
    choices: tuple[str, ...] = ()
    several: bool = False
    minimum: float | None = None
    maximum: float | None = None
    multiline: bool = False
    nullable: bool = False
    spellings: tuple[str, ...] = ()


def parameter(
    default: Any = dataclasses.MISSING,
    *,
    help: str,
    choices: tuple[str, ...] = (),
    several: bool = False,
    minimum: float | None = None,
    maximum: float | None = None,
    multiline: bool = False,
    spellings: tuple[str, ...] = (),
) -> Any:
    """A field of a dataclass of parameters; the words mean what they mean in `Parameter`. A list or a dict as default
    is copied for each instance."""
    metadata = {
        "help": help,
        "choices": choices,
        "several": several,
        "minimum": minimum,
        "maximum": maximum,
        "multiline": multiline,
        "spellings": spellings,
    }
    if isinstance(default, list | dict):
        return dataclasses.field(default_factory=lambda: type(default)(default), metadata=metadata)
    return dataclasses.field(default=default, metadata=metadata)


@dataclass(frozen=True, kw_only=True)
class OnDatabase:
    """What every operation takes."""

    database: str = parameter(
        "",
        help='The alias of settings.DATABASES to work on. Left out: OPSADMIN["DATABASE"], else the first PostgreSQL.',
    )


@dataclass(frozen=True, kw_only=True)
class LongOnDatabase(OnDatabase):
    """What every operation takes that may go on for long."""

    wait: bool = parameter(
        True, help="Wait for its end. Without it the answer is the run's number, and the work goes on by itself."
    )


def parameters_of(kind: type) -> tuple[Parameter, ...]:
    """The parameters that a dataclass declares, `wait` and `database` last."""
    hints = typing.get_type_hints(kind)
    found = []
    for field in dataclasses.fields(kind):
        base, nullable = _plain_type(hints[field.name])
        required = field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        default = None
        if field.default_factory is not dataclasses.MISSING:
            default = field.default_factory()
        elif not required:
            default = field.default
        words = {name: value for name, value in field.metadata.items() if name != "help"}
        found.append(
            Parameter(
                name=field.name,
                kind=_kind(base),
                required=required,
                default=default,
                help=str(field.metadata.get("help", "")),
                nullable=nullable,
                **words,
            )
        )
    return tuple(sorted(found, key=lambda one: _LAST.get(one.name, 0)))


def parse(kind: type[Given], given: Mapping[str, Any]) -> Given:
    """The parameters from what a door was given: typed values (Python, JSON) or text (command line, form). A value of
    None counts as left out.

    Raises `OperationError` naming the parameter and what is allowed."""
    known = parameters_of(kind)
    spelled = {spelling: one.name for one in known for spelling in (one.name, *one.spellings)}
    values: dict[str, Any] = {}
    for name, value in given.items():
        if name not in spelled:
            raise OperationError(
                f"There is no parameter {name!r}. It takes: {', '.join(one.name for one in known)}.",
                parameter=name,
                allowed=tuple(one.name for one in known),
            )
        if value is None:
            continue
        if spelled[name] in values:
            raise OperationError(f"The parameter {spelled[name]!r} is given twice.", parameter=spelled[name])
        values[spelled[name]] = value
    for one in known:
        if one.name in values:
            values[one.name] = _checked(one, values[one.name])
        elif one.required:
            raise OperationError(f"The parameter {one.name!r} is missing: {one.help}", parameter=one.name)
    return kind(**values)


def json_schema(kind: type) -> dict[str, Any]:
    """The JSON Schema of the parameters, other spellings left out."""
    known = parameters_of(kind)
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {one.name: _schema_of(one) for one in known},
        "additionalProperties": False,
    }
    if needed := [one.name for one in known if one.required]:
        schema["required"] = needed
    return schema


def _plain_type(hint: Any) -> tuple[Any, bool]:
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        rest = [one for one in typing.get_args(hint) if one is not type(None)]
        if len(rest) == 1:
            return rest[0], True
        return Any, True
    return hint, False


def _kind(hint: Any) -> str:
    plain = {str: "text", int: "integer", float: "number", bool: "flag"}
    if hint in plain:
        return plain[hint]
    if typing.get_origin(hint) is list and typing.get_args(hint) == (str,):
        return "list"
    return "json"


def _checked(one: Parameter, value: Any) -> Any:
    value = _converted(one, value)
    if one.kind in ("integer", "number"):
        _check_range(one, value)
    if one.choices and value is not None:
        _check_choice(one, value)
    return value


def _converted(one: Parameter, value: Any) -> Any:
    try:
        match one.kind:
            case "text":
                return _text(value) if one.multiline else _text(value).strip()
            case "integer":
                if isinstance(value, bool) or (isinstance(value, float) and not value.is_integer()):
                    raise ValueError
                return int(value)
            case "number":
                if isinstance(value, bool):
                    raise ValueError
                return float(value)
            case "flag":
                return _flag(value)
            case "list":
                return _texts(value)
            case _:
                return json.loads(value) if isinstance(value, str) else value
    except (ValueError, TypeError, OverflowError, RecursionError):
        wanted = {
            "text": "a text of valid characters",
            "integer": "a whole number",
            "number": "a number",
            "flag": "true or false",
            "list": "a list of texts of valid characters",
            "json": "JSON",
        }[one.kind]
        raise OperationError(f"{one.name} is {value!r}; it must be {wanted}.", parameter=one.name) from None


def _flag(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.strip().lower() in (*_TRUE, *_FALSE):
        return value.strip().lower() in _TRUE
    raise ValueError


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        value = json.loads(value) if value.lstrip().startswith("[") else [value]
    if not isinstance(value, list | tuple):
        raise ValueError
    return [_text(item) for item in value]


def _text(value: Any) -> str:
    """The value, where it is a text that can be sent to PostgreSQL: neither a NUL nor half a character."""
    if not isinstance(value, str) or "\0" in value:
        raise ValueError
    value.encode()
    return value


def _check_range(one: Parameter, value: float) -> None:
    if value != value or (one.minimum is not None and value < one.minimum):
        raise OperationError(f"{one.name} is {value:g}; it must be at least {one.minimum:g}.", parameter=one.name)
    if one.maximum is not None and value > one.maximum:
        raise OperationError(f"{one.name} is {value:g}; it must be at most {one.maximum:g}.", parameter=one.name)


def _check_choice(one: Parameter, value: str) -> None:
    said = [part.strip() for part in value.split(",") if part.strip()] if one.several else [value]
    for part in said or [value]:
        if part not in one.choices:
            raise OperationError(
                f"{one.name} is {part!r}; it must be one of {', '.join(one.choices)}.",
                parameter=one.name,
                allowed=one.choices,
            )


def _schema_of(one: Parameter) -> dict[str, Any]:
    types: dict[str, dict[str, Any]] = {
        "text": {"type": "string"},
        "integer": {"type": "integer"},
        "number": {"type": "number"},
        "flag": {"type": "boolean"},
        "list": {"type": "array", "items": {"type": "string"}},
        "json": {},
    }
    schema = dict(types[one.kind])
    if one.choices and not one.several:
        schema["enum"] = list(one.choices)
    if one.minimum is not None:
        schema["minimum"] = one.minimum
    if one.maximum is not None:
        schema["maximum"] = one.maximum
    if one.nullable and "type" in schema:
        schema["type"] = [schema["type"], "null"]
    if not one.required:
        schema["default"] = one.default
    allowed = f" Allowed, comma separated: {', '.join(one.choices)}." if one.several and one.choices else ""
    schema["description"] = one.help + allowed
    return schema
