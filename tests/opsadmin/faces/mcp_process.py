"""`manage.py` with the sample operations beside the real ones: what a test starts as an assistant would."""

import os
import sys

import django
from django.core.management import execute_from_command_line

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "switchbot_site.settings")
    django.setup()
    from tests.opsadmin.faces.samples import registered

    with registered():
        execute_from_command_line(["manage.py", *sys.argv[1:]])
