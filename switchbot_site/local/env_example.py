"""Writes `.env.example` from the declared variables.

python -m switchbot_site.local.env_example > .env.example
"""

from __future__ import annotations

import textwrap

from switchbot_site.environment import VARIABLES, Variable

HEAD = """\
# Settings of this checkout: copy to .env, take away the "# " before a name and give it a value.
# Variables that are set in the environment win over this file. Made by `make env-example`.
"""
#: Set by the platform, or needed before this file is read.
LEFT_OUT = {"ENV_FILE", "RENDER", "RENDER_EXTERNAL_HOSTNAME", "RENDER_GIT_COMMIT"}


def text() -> str:
    return "\n".join([HEAD, *(_entry(variable) for variable in VARIABLES if variable.name not in LEFT_OUT)])


def _entry(variable: Variable) -> str:
    meaning = textwrap.fill(variable.meaning.replace("`", ""), 110, initial_indent="# ", subsequent_indent="# ")
    return f"{meaning}\n# {variable.name}={_default(variable.default)}\n"


def _default(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return ",".join(map(str, value))
    return str(value).lower() if isinstance(value, bool) else str(value)


if __name__ == "__main__":
    print(text(), end="")
