"""An index as Django's Meta.indexes says it, made so that Django's own CREATE INDEX means the same.

What is made is turned into SQL by Django and read back: where that is another index than the one wanted, or where Meta has
no words for it, `CannotSay` tells why."""

from __future__ import annotations

import datetime
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import reduce
from typing import Any, cast

from django.apps import apps
from django.conf import settings
from django.contrib.postgres import indexes as postgres
from django.core.exceptions import FieldError, ValidationError
from django.db import DatabaseError, connections, models
from django.db.models import F, Field, Func, Index, Model, Q, Value
from django.db.models.expressions import NegatedExpression
from django.db.models.fields.json import KeyTextTransform, KeyTransform
from django.db.models.functions import MD5, Abs, Cast, Coalesce, Lower, Upper
from django.db.models.lookups import Exact

from opsadmin.advisor.index_name import MOST_CHARACTERS
from opsadmin.advisor.spec import IndexSpec, Key
from opsadmin.advisor.sql_tree import TURNED, Tree, Unreadable, expression_tree, index_tree

_METHODS: dict[str, type[Index]] = {
    "btree": postgres.BTreeIndex,
    "hash": postgres.HashIndex,
    "gin": postgres.GinIndex,
    "gist": postgres.GistIndex,
    "brin": postgres.BrinIndex,
    "spgist": postgres.SpGistIndex,
    "bloom": postgres.BloomIndex,
}
_LOOKUPS = {"<": "lt", "<=": "lte", ">": "gt", ">=": "gte"}
_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "lower": Lower,
    "upper": Upper,
    "coalesce": Coalesce,
    "md5": MD5,
    "abs": Abs,
}
_CASTS: dict[str, type[Field[Any, Any]]] = {
    "date": models.DateField,
    "text": models.TextField,
    "integer": models.IntegerField,
    "bigint": models.BigIntegerField,
    "smallint": models.SmallIntegerField,
    "double precision": models.FloatField,
    "boolean": models.BooleanField,
    "uuid": models.UUIDField,
}
#: A constant of another type of the same row means the same to a column of these.
_ALIKE = (
    frozenset({"text", "character varying"}),
    frozenset({"smallint", "integer", "bigint", "numeric"}),
)
_SHORT = {"varchar": "character varying", "timestamptz": "timestamp with time zone"}


class CannotSay(Exception):
    """Meta.indexes has no words for the index: the reason is a sentence."""


@dataclass(frozen=True)
class Fields:
    """A model's fields by their column, as they are on the alias."""

    by_column: Mapping[str, Field[Any, Any]]
    database: str

    def of(self, column: str) -> Field[Any, Any]:
        """Raises `CannotSay`."""
        try:
            return self.by_column[column]
        except KeyError:
            raise CannotSay(f"The model has no field for the column {column}.") from None

    def type(self, column: str) -> str:
        """The column's type as SQL says it, without its length."""
        name = self.of(column).db_type(connections[self.database]) or ""
        head = name.split("(")[0].strip()
        return _SHORT.get(head, head)


def django_index(spec: IndexSpec, name: str, model: type[Model], fields: Fields) -> Index:
    """The index for Meta.indexes.

    Raises `CannotSay`."""
    _check_name(name)
    try:
        wanted = index_tree(spec.ddl())
        index = _built(spec, name, fields)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            editor = connections[fields.database].schema_editor(collect_sql=True)
            made = index_tree(str(index.create_sql(model, editor)))
    except Unreadable as error:
        raise CannotSay("Meta.indexes has no words for its keys or its predicate.") from error
    except (FieldError, ValidationError, ValueError, TypeError, NotImplementedError, DatabaseError) as error:
        raise CannotSay("Meta.indexes cannot say this index with the fields that the model has.") from error
    if not _same(wanted, made, fields):
        raise CannotSay("Django would make another index of it.")
    return index


def _check_name(name: str) -> None:
    if len(name) > MOST_CHARACTERS:
        raise CannotSay(f"The name has {len(name)} characters, and Meta.indexes takes at most {MOST_CHARACTERS}.")
    if name[:1] == "_" or name[:1].isdigit() or '"' in name or "%" in name:
        raise CannotSay("Meta.indexes does not take the name: it must begin with a letter, and hold no quotes.")


def _built(spec: IndexSpec, name: str, fields: Fields) -> Index:
    options = _options(spec.options)
    kind: type[Index] = Index if spec.using == "btree" and not options else _METHODS[_known(spec.using)]
    if spec.predicate:
        options["condition"] = _condition(expression_tree(spec.predicate), fields)
    if spec.include:
        options["include"] = [fields.of(column).name for column in spec.include]
    plain = all(key.column and key.nulls_first == key.descending for key in spec.keys)
    if not plain:
        return kind(*(_key(key, fields) for key in spec.keys), name=name, **options)
    if any(key.opclass for key in spec.keys):
        options["opclasses"] = [key.opclass for key in spec.keys]
    names = [f"{'-' if key.descending else ''}{fields.of(key.column).name}" for key in spec.keys]
    return kind(fields=names, name=name, **options)


def _known(method: str) -> str:
    if method not in _METHODS:
        raise CannotSay(f"Django has no index of the method {method}.")
    return method


def _options(text: str) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for part in filter(None, (one.strip() for one in text.split(","))):
        name, _, value = (one.strip().lower() for one in part.partition("="))
        values[name] = int(value) if value.isdecimal() else value in ("on", "true")
    return values


def _key(key: Key, fields: Fields) -> Any:
    """A key of an index that has an expression, or an order that `fields` cannot say."""
    expression: Any = _expression(_bare(expression_tree(key.text), fields), fields)
    if key.opclass:
        if not apps.is_installed("django.contrib.postgres"):
            raise CannotSay(
                "An operator class of an expression needs django.contrib.postgres in INSTALLED_APPS, which it is not in."
            )
        expression = postgres.OpClass(_inner(expression), name=key.opclass)
    if not key.descending and not key.nulls_first:
        return expression
    if key.descending:
        return expression.desc() if key.nulls_first else expression.desc(nulls_last=True)
    return expression.asc(nulls_first=True)


# --- expressions --------------------------------------------------------------------------------------------------------
def _expression(tree: Any, fields: Fields) -> Any:
    match tree:
        case ("column", str(column)):
            return F(fields.of(column).name)
        case ("text", str(text)):
            return Value(text)
        case ("number", str(text)):
            return Value(int(text) if text.lstrip("-").isdecimal() else Decimal(text))
        case ("boolean", value):
            return Value(value)
        case ("cast", ("text", _) as constant, "text"):
            return _expression(constant, fields)
        case ("cast", inner, str(kind)) if kind in _CASTS:
            return Cast(_inner(_expression(inner, fields)), output_field=_CASTS[kind]())
        case ("call", str(name), *arguments):
            said = [_inner(_expression(one, fields)) for one in arguments]
            known = _FUNCTIONS.get(name)
            return known(*said) if known else Func(*said, function=name)
        case ("operator", "->>" | "->" as operator, inner, ("text" | "number", str(key))):
            transform = KeyTextTransform if operator == "->>" else KeyTransform
            return transform(key, _inner(_expression(inner, fields)))
    raise CannotSay("Meta.indexes has no words for its expression.")


def _inner(expression: Any) -> Any:
    """Inside another one a column goes by its name, as people write it: Lower("email")."""
    return cast(Any, expression).name if isinstance(expression, F) else expression


# --- predicates ---------------------------------------------------------------------------------------------------------
def _condition(tree: Tree, fields: Fields) -> Q:
    return _question(_bare(tree, fields), fields)


def _question(tree: Any, fields: Fields) -> Q:
    match tree:
        case ("and", *parts):
            return reduce(Q.__and__, (_question(part, fields) for part in parts))
        case ("or", *parts):
            return reduce(Q.__or__, (_question(part, fields) for part in parts))
        case ("column", str(column)):
            return Q(**{fields.of(column).name: True})
        case ("null", ("column", str(column))):
            return Q(**{f"{fields.of(column).name}__isnull": True})
        case ("in", ("column", str(column)), *values):
            return Q(**{f"{fields.of(column).name}__in": [_constant(one) for one in values]})
        case ("=", ("column", str(column)), ("constant", value)):
            return Q(**{fields.of(column).name: value})
        case ("<" | "<=" | ">" | ">=" as operator, ("column", str(column)), ("constant", value)):
            return Q(**{f"{fields.of(column).name}__{_LOOKUPS[operator]}": value})
        case ("not", ("column", str(column))):
            return Q(**{fields.of(column).name: False})
        case ("not", ("null", ("column", str(column)))):
            return Q(**{f"{fields.of(column).name}__isnull": False})
        case ("not", ("=", ("column", str(column)), ("constant", value))):
            field = fields.of(column)
            # Django's ~Q lets rows with NULL in; a comparison of its own does not.
            if field.null:
                return Q(NegatedExpression(Exact(F(field.name), Value(value))))
            return ~Q(**{field.name: value})
        case ("not", part):
            return ~_question(part, fields)
    raise CannotSay("Meta.indexes has no words for its predicate.")


def _constant(tree: Any) -> Any:
    match tree:
        case ("constant", value):
            return value
    raise CannotSay("Meta.indexes has no words for its predicate.")


# --- what means the same ------------------------------------------------------------------------------------------------
def _same(wanted: Any, made: Any, fields: Fields) -> bool:
    def form(one: Any) -> tuple[Any, ...]:
        keys = tuple((_bare(tree, fields), *rest) for tree, *rest in one.keys)
        return one.method, keys, one.include, one.options, _bare(one.predicate, fields) if one.predicate else None

    return form(wanted) == form(made)


def _bare(tree: Any, fields: Fields) -> Any:
    """The tree with the constants as the column's Python values, and without casts that change nothing."""
    match tree:
        case ("cast", inner, str(kind)):
            bare = _bare(inner, fields)
            match bare:
                case ("column", str(column)) if (
                    column in fields.by_column and fields.type(column) == "character varying"
                ):
                    # As PostgreSQL reads a varchar where it wants text.
                    return bare if kind == "text" else ("cast", bare, kind)
                case ("text", _) if kind in ("text", "regconfig"):
                    return bare
            return ("cast", bare, kind)
        case ("=" | "<" | "<=" | ">" | ">=" as operator, left, right):
            one, other = _bare(left, fields), _bare(right, fields)
            if other[0] == "column" and one[0] != "column":
                operator, one, other = TURNED[operator], other, one
            return (operator, one, _value(one, other, fields))
        case ("in", left, *values):
            one = _bare(left, fields)
            return ("in", one, *(_value(one, _bare(value, fields), fields) for value in values))
        case ("column" | "text" | "number" | "boolean", _):
            return tree
        case (str(name), *parts):
            return (name, *(_bare(part, fields) for part in parts))
    return tree


def _value(side: Any, constant: Any, fields: Fields) -> Any:
    """A constant as the Python value that the column's field makes of it; what is none stays as it is."""
    match side, constant:
        case ("column", str(column)), ("text" | "number" | "boolean", said) if column in fields.by_column:
            return ("constant", _python(fields.of(column), said))
        case ("column", str(column)), ("cast", ("text" | "number", said), str(kind)) if column in fields.by_column:
            own = fields.type(column)
            if kind == own or any({kind, own} <= alike for alike in _ALIKE):
                return ("constant", _python(fields.of(column), said))
    return constant


def _python(field: Field[Any, Any], said: Any) -> Any:
    value = field.to_python(said)
    if isinstance(value, datetime.datetime) and settings.USE_TZ and value.tzinfo is None:
        raise CannotSay("Its predicate has a time without a zone, which means another moment in each session.")
    return value
