"""The options of `manage.py ops NAME`, made from the parameters of the operation."""

from __future__ import annotations

import argparse
import difflib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import Any, NoReturn

from django.utils.translation import gettext as _

from opsadmin.core.errors import OperationError
from opsadmin.core.operation import Effect, Operation
from opsadmin.core.params import Parameter
from opsadmin.faces.sql_file import split_statements

#: What the name of a parameter gets in front where the command has an option of that name itself.
PREFIX = "parameter-"
#: Parameters that are statements; what else has several lines is a text.
_STATEMENTS = ("sql", "ddl", "query", "queries")


class Parser(argparse.ArgumentParser):
    """Says what is wrong as an `OperationError`, as every door does."""

    def error(self, message: str) -> NoReturn:
        raise OperationError(
            _("The command line is wrong: %(message)s.") % {"message": message.rstrip(".")},
            hint=_("`manage.py %(name)s --help` says what it takes.") % {"name": self.prog},
        )


@dataclass(frozen=True)
class Asked:
    """What the command line asks for. `given`: parameters for the operation; the rest are options of the command."""

    given: dict[str, Any]
    json: bool
    preview: bool
    yes: bool
    fail_on: str | None
    traceback: bool
    no_color: bool
    force_color: bool


class CommandLine:
    """Reads the words after `ops NAME`. `stdin` is called for what a `-` stands for."""

    def __init__(self, operation: Operation, stdin: Callable[[], str]) -> None:
        self._operation = operation
        self._stdin = stdin
        self._parser = Parser(
            prog=f"ops {operation.name}",
            description=f"{operation.summary} {effect_sentence(operation.effect)}",
            add_help=False,
            allow_abbrev=False,
        )
        own = _own_options(operation)
        self._taken = {flag for flags, _words in own for flag in flags}
        group = self._parser.add_argument_group(_("parameters"))
        for parameter in operation.fields:
            self._add(group, parameter)
        group = self._parser.add_argument_group(_("options of the command"))
        for flags, words in own:
            group.add_argument(*flags, **words, dest=_dest(flags[-1]))
        self._parser.add_argument("values", nargs="*", help=argparse.SUPPRESS)

    def help(self) -> str:
        """What `--help` shows."""
        return self._parser.format_help()

    def read(self, words: Sequence[str]) -> Asked | None:
        """What the words ask for; None where they ask for help.

        Raises `OperationError`."""
        options, unknown = self._parser.parse_known_intermixed_args(words)
        found = vars(options)
        if found[_dest("--help")]:
            return None
        if unknown:
            self._refuse(unknown[0])
        return Asked(
            given=self._given(found),
            fail_on=found.get(_dest("--fail-on")),
            **{name: bool(found.get(_dest(name))) for name in _SWITCHES},
        )

    def _add(self, group: argparse._ArgumentGroup, parameter: Parameter) -> None:
        names = _names(parameter)
        singulars = [one for one in map(singular, names) if one] if is_list(parameter) else []
        others = {name for field in self._operation.fields if field is not parameter for name in _names(field)}
        spelled = [*(one for one in singulars if one not in others), *names]
        flags = self._flags(parameter, *spelled) or self._flags(parameter, PREFIX + parameter.name)
        words: dict[str, Any] = {"dest": parameter.name}
        if parameter.kind == "flag":
            words["action"] = argparse.BooleanOptionalAction
        else:
            words["metavar"] = _metavar(parameter)
            if is_list(parameter) or parameter.several:
                words["action"] = "append"
        _add_spelled(group, flags, _help(parameter), words)
        if is_list(parameter):
            help = _("The same from a file: a JSON list, or SQL with a semicolon after each. - is standard input.")
            flags = self._flags(parameter, *(f"{name}_file" for name in names))
            _add_spelled(group, flags, help, {"dest": f"{parameter.name} file", "metavar": "FILE"})

    def _flags(self, parameter: Parameter, *names: str) -> list[str]:
        """The options for these names that are still free, which they are not afterwards."""
        found = []
        for flag in dict.fromkeys(f"--{spelled}" for name in names for spelled in (name.replace("_", "-"), name)):
            wanted = {flag, f"--no-{flag[2:]}"} if parameter.kind == "flag" else {flag}
            if not wanted & self._taken:
                self._taken |= wanted
                found.append(flag)
        return found

    def _refuse(self, word: str) -> NoReturn:
        flag = word.split("=", 1)[0]
        shown = tuple(
            action.option_strings[0]
            for action in self._parser._actions
            if action.option_strings and action.help is not argparse.SUPPRESS
        )
        if not flag.startswith("-"):
            raise OperationError(_("There is one value too many: %(word)r.") % {"word": word})
        close = difflib.get_close_matches(flag, shown, 1)
        raise OperationError(
            _("There is no option %(flag)s. There are: %(options)s.") % {"flag": flag, "options": ", ".join(shown)},
            parameter=flag.lstrip("-"),
            allowed=shown,
            hint=_("Do you mean %(flag)s?") % {"flag": close[0]} if close else "",
        )

    def _given(self, found: dict[str, Any]) -> dict[str, Any]:
        given: dict[str, Any] = {}
        placed = self._placed(list(found.get("values") or []))
        for parameter in self._operation.fields:
            name, file = parameter.name, f"{parameter.name} file"
            said = [source for source in (name, file) if source in found] + [name] * (name in placed)
            if len(said) > 1:
                raise OperationError(_("The parameter %(name)r is given twice.") % {"name": name}, parameter=name)
            if file in found:
                given[name] = self._from_file(parameter, found[file])
            elif said:
                given[name] = self._read(parameter, found.get(name, placed.get(name)))
        return given

    def _placed(self, values: list[str]) -> dict[str, Any]:
        placed: dict[str, Any] = {}
        for parameter in _by_place(self._operation.fields, len(values)):
            if not values:
                break
            if is_list(parameter):
                placed[parameter.name], values = values, []
            else:
                placed[parameter.name] = values.pop(0)
        if values:
            self._refuse(values[0])
        return placed

    def _read(self, parameter: Parameter, value: Any) -> Any:
        if is_list(parameter):
            return [item for text in value for item in self._items(parameter, text)]
        if parameter.several:
            return ",".join(value) if isinstance(value, list) else value
        if value == "-" and (parameter.multiline or parameter.kind == "json"):
            return self._stdin()
        return value

    def _items(self, parameter: Parameter, text: str) -> list[Any]:
        if text == "-":
            return _listed(parameter, self._stdin(), _("Standard input"))
        if text.lstrip().startswith("[") or (parameter.kind == "json" and text.lstrip().startswith("{")):
            found = _json(parameter, text)
            return found if isinstance(found, list) else [found]
        return [text]

    def _from_file(self, parameter: Parameter, name: str) -> list[Any]:
        if name == "-":
            return _listed(parameter, self._stdin(), _("Standard input"))
        try:
            text = Path(name).read_text(encoding="utf-8-sig")
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or _("it is not UTF-8 text")
            raise OperationError(
                _("The file %(name)s cannot be read: %(reason)s.") % {"name": name, "reason": reason},
                parameter=parameter.name,
            ) from None
        return _listed(parameter, text, name)


#: The switches of `Asked`.
_SWITCHES = ("json", "preview", "yes", "traceback", "no_color", "force_color")


def effect_sentence(effect: Effect) -> str:
    """What the effect means, as a sentence."""
    return {
        Effect.READS: _("It only reads."),
        Effect.WRITES: _("It writes: it says first what it will do."),
        Effect.DESTROYS: _("It destroys something: it says first what it will do, and asks."),
    }[effect]


def is_list(parameter: Parameter) -> bool:
    """Whether it takes several values, each given by itself."""
    return parameter.kind == "list" or (parameter.kind == "json" and isinstance(parameter.default, list))


def singular(name: str) -> str:
    """The name of one of them: `queries` is `query`, `indexes` is `index`. Empty where the name is no plural."""
    if name.endswith("ies"):
        return name.removesuffix("ies") + "y"
    if name.endswith(("xes", "ches", "shes", "sses")):
        return name.removesuffix("es")
    return name.removesuffix("s") if name.endswith("s") and not name.endswith("ss") else ""


def _add_spelled(group: argparse._ArgumentGroup, flags: list[str], help: str, words: dict[str, Any]) -> None:
    """One option that help shows, under the first name; the other names are taken too."""
    group.add_argument(*flags[:1], **words, default=argparse.SUPPRESS, help=help)
    if flags[1:]:
        group.add_argument(*flags[1:], **words, default=argparse.SUPPRESS, help=argparse.SUPPRESS)


def _own_options(operation: Operation) -> list[tuple[list[str], dict[str, Any]]]:
    flag = {"action": "store_true"}
    hidden = {"default": argparse.SUPPRESS, "help": argparse.SUPPRESS}
    options: list[tuple[list[str], dict[str, Any]]] = [
        (["--json"], {**flag, "help": _("Print the result as JSON and nothing else; errors too, on standard error.")})
    ]
    if operation.effect is Effect.READS:
        options.append(
            (
                ["--fail-on"],
                {
                    "choices": ("warning", "critical"),
                    "help": _("Exit 3 where the health is that bad or worse."),
                },
            )
        )
    if operation.preview is not None:
        options.append((["--preview"], {**flag, "help": _("Say what it would do, and do nothing.")}))
    if operation.effect is Effect.DESTROYS:
        options.append((["--yes"], {**flag, "help": _("Do not ask.")}))
    options.append((["-h", "--help"], {**flag, "help": _("Show this.")}))
    # Django's own, which may stand behind the name too.
    options += [
        ([name], {**flag, **hidden}) for name in ("--traceback", "--no-color", "--force-color", "--skip-checks")
    ]
    options += [([name], dict(hidden)) for name in ("--settings", "--pythonpath")]
    return [*options, (["-v", "--verbosity"], dict(hidden))]


def _dest(name: str) -> str:
    """Where the parser keeps an option of the command: a parameter may have the same name."""
    return "--" + name.removeprefix("--").replace("-", "_")


def _by_place(fields: Sequence[Parameter], count: int) -> list[Parameter]:
    """The parameters that `count` values without a name are for: the required ones, where that is enough; else all in
    their order, up to the first that is no single value."""
    required = [parameter for parameter in fields if parameter.required]
    if count <= len(required) or any(is_list(parameter) for parameter in required):
        return required
    single = (one.kind in ("text", "integer", "number") and one.name != "database" for one in fields)
    return [parameter for parameter, _one in takewhile(lambda pair: pair[1], zip(fields, single, strict=True))]


def _names(parameter: Parameter) -> list[str]:
    return [parameter.name, *parameter.spellings]


def _metavar(parameter: Parameter) -> str:
    kinds = {"integer": "N", "number": "X", "json": "JSON"}
    if parameter.name == "database":
        return "ALIAS"
    return kinds.get(parameter.kind, "SQL" if parameter.name in _STATEMENTS else "TEXT")


def _help(parameter: Parameter) -> str:
    said = [parameter.help]
    if parameter.choices:
        listed = ", ".join(filter(None, parameter.choices))  # an empty one is the same as leaving it out
        if parameter.several:
            said.append(_("Of these, with commas: %(choices)s.") % {"choices": listed})
        else:
            said.append(_("One of: %(choices)s.") % {"choices": listed})
    if parameter.required:
        said.append(_("Required."))
    elif parameter.kind == "flag":
        said.append(_("Default: %(value)s.") % {"value": _("yes") if parameter.default else _("no")})
    elif parameter.default not in (None, "", [], {}):
        said.append(_("Default: %(value)s.") % {"value": parameter.default})
    if is_list(parameter):
        said.append(_("May be repeated."))
    if parameter.multiline:
        said.append(_("- is standard input."))
    return " ".join(said).replace("%", "%%")


def _listed(parameter: Parameter, text: str, source: str) -> list[Any]:
    found: Any = _json(parameter, text) if text.lstrip().startswith("[") else split_statements(text)
    if not found:
        raise OperationError(_("%(source)s holds nothing.") % {"source": source}, parameter=parameter.name)
    return list(found)


def _json(parameter: Parameter, text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        where = f" ({error.msg}, line {error.lineno})" if isinstance(error, json.JSONDecodeError) else ""
        raise OperationError(
            _("%(name)s looks like JSON and is none%(where)s.") % {"name": parameter.name, "where": where},
            parameter=parameter.name,
        ) from None
