"""The judgement of one function, by what the catalogue says of it."""

from __future__ import annotations

from opsadmin.console.errors import SqlRefused
from opsadmin.console.facts import Function
from opsadmin.console.mentions import FIRST_OWN
from opsadmin.console.names import names

READING = names("reading")
READING_OF_EXTENSIONS = names("reading_of_extensions")
RUNNING_SQL = names("running_sql")
REACHING_OUT = names("reaching_out")
CARRIED_SETTINGS = names("carried_settings")
#: They read a type's name from a text, and a type's checks are code.
TAKING_TYPE_NAMES = frozenset({"pg_input_is_valid", "pg_input_error_info"})

READS_ONLY = "Call functions that only read: those declared STABLE or IMMUTABLE, and the built-in ones that look."


def judge_function(function: Function, *, plan_only: bool = False) -> bool:
    """Whether what stands in it has to be followed; False where it is harmless as it is. `plan_only`: it is planned, which
    runs no volatile function.

    Raises `SqlRefused` where it is not harmless."""
    if function.oid < FIRST_OWN:
        return _judge_built_in(function, plan_only)
    if function.extension is not None:
        if function.extension in REACHING_OUT:
            raise SqlRefused(
                f"The function {function.spelled} is of the extension {function.extension}, which reaches other servers, "
                "files, programs or raw pages.",
                READS_ONLY,
            )
        if function.name.lower() in RUNNING_SQL:
            raise _running(function)
        if f"{function.extension}.{function.name}" in READING_OF_EXTENSIONS:
            return False
    _judge_carried(function)
    match function.language:
        case "plpgsql" if plan_only and function.volatility == "v":
            return False  # not run while planning, and not written into the statement, as one in SQL may be
        case "sql" | "plpgsql":
            return True
        case "c" | "internal" if function.extension is not None:
            if function.volatility == "v" and not plan_only and function.kind != "a":
                raise _volatile(function)
            return True
        case "internal" if function.kind == "a":
            return True  # what an aggregate is made of is judged by itself
        case "internal" if function.stands_for is not None:
            if function.stands_for in RUNNING_SQL:
                raise _running(function)
            return True
    raise SqlRefused(
        f"The function {function.spelled} is written in {function.language}: what it does cannot be read.", READS_ONLY
    )


def _judge_built_in(function: Function, plan_only: bool) -> bool:
    """Only those come here that are volatile and not known to read, or that are refused by name."""
    if function.name in RUNNING_SQL:
        raise _running(function)
    if not plan_only:
        raise _volatile(function)
    return False


def _running(function: Function) -> SqlRefused:
    return SqlRefused(f"The function {function.spelled} runs the SQL that stands in a text.", "Run that SQL itself.")


def _volatile(function: Function) -> SqlRefused:
    whose = f" of the extension {function.extension}" if function.extension else ""
    return SqlRefused(
        f"The function {function.spelled}{whose} is VOLATILE and not known to only read: it may change or delay something.",
        READS_ONLY,
    )


def _judge_carried(function: Function) -> None:
    for setting in function.settings:
        name = setting.split("=", 1)[0].lower()
        if name not in CARRIED_SETTINGS and not name.startswith("enable_"):
            raise SqlRefused(f"The function {function.spelled} sets {name} for itself.", READS_ONLY)
