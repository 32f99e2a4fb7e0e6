#!/usr/bin/env bash
# Render runs this before the new version starts, on an instance without the disk: it reaches PostgreSQL, not the
# site database. Past the pooler, because DDL waits and pooled sessions do not.
set -euo pipefail
cd "$(dirname "$0")/../.."
export STORE_USE_DIRECT_URL=true
python manage.py check --deploy --fail-level ERROR
python manage.py migrate --noinput --database store
