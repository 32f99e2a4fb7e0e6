"""`manage.py` with the command's sample operations beside the real ones, as a process of its own."""

import os
import sys

import django

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "switchbot_site.settings")
    django.setup()
    from django.core.management import execute_from_command_line

    from tests.opsadmin.faces.command_samples import registered

    with registered():
        execute_from_command_line(["manage.py", *sys.argv[1:]])
