#!/usr/bin/env bash
# Starts the site on Render. The site database is on the disk, and the disk is only here, so it is migrated here.
set -euo pipefail
cd "$(dirname "$0")/../.."
python manage.py migrate --noinput --database default
exec gunicorn switchbot_site.wsgi:application -c switchbot_site/gunicorn.conf.py
