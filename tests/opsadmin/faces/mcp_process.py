"""`manage.py ops mcp` with the sample operations beside the real ones: what a test starts as an assistant would."""

import os
import sys

import django

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "switchbot_site.settings")
    django.setup()
    from opsadmin.faces.mcp import run_stdio
    from tests.opsadmin.faces.samples import registered

    with registered():
        sys.exit(run_stdio(sys.argv[1:]))
