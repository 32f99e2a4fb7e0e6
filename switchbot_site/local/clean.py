"""`make clean-var`: deletes what the site keeps in VAR_DIR, its private cluster included. Asks first.

.venv/bin/python -m switchbot_site.local.clean
"""

from __future__ import annotations

import shutil
import sys
from contextlib import ExitStack
from pathlib import Path

from switchbot_site.environment import Environment, read_env_file
from switchbot_site.local.binaries import CHECKOUT, find_server
from switchbot_site.local.cluster import Cluster
from switchbot_site.local.errors import LocalError
from switchbot_site.local.run import be_the_only_one

WORD = "delete"


def main() -> int:
    read_env_file()
    var = (CHECKOUT / Environment()("VAR_DIR")).resolve()
    if not var.is_dir():
        print(f"{var} is not there: nothing to delete.")
        return 0
    try:
        with ExitStack() as at_end:
            be_the_only_one(var / "run.lock", "make clean-var", at_end)
            return clean(var)
    except LocalError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1


def clean(var: Path) -> int:
    print(
        f"This deletes {var}: the private PostgreSQL with all it holds, the site's users and sessions, the secret key, "
        f"the JSON copies. Nothing brings them back."
    )
    try:
        answer = input(f'Write "{WORD}" to go on: ')
    except EOFError:
        answer = ""
    if answer.strip() != WORD:
        print("\nNothing is deleted.")
        return 1
    wanted = var / "postgres"
    if wanted.exists():
        data = wanted.resolve()
        server = find_server()
        if server is not None:
            Cluster(data, server.bin).stop("immediate")  # left running by a killed `make run`
        shutil.rmtree(data)
    shutil.rmtree(var)
    print(f"{var} is deleted.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
