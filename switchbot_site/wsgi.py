"""The WSGI application that gunicorn serves."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "switchbot_site.settings")
application = get_wsgi_application()

# It needs the apps to be there.
from opsadmin.jobs.scheduler import start_scheduler  # noqa: E402

start_scheduler()
