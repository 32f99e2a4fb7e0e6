#!/usr/bin/env python
"""Run a management command of the site. What an operator can mend is a sentence; `--traceback` shows where."""

import os
import sys


def main() -> None:
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line
    from django.db import DatabaseError

    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        if "--traceback" in sys.argv:
            raise
        sys.exit(str(error))
    except DatabaseError as error:
        from psycopg import OperationalError, errors

        cause = error.__cause__
        if "--traceback" in sys.argv or not isinstance(cause, OperationalError | errors.InsufficientPrivilege):
            raise
        from stores.backends.postgres_errors import translate

        sys.exit(str(translate(cause, deadline=10)))


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "switchbot_site.settings")
    main()
