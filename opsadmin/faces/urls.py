"""The addresses of the doors without a password: `path("", include("opsadmin.faces.urls"))`."""

from __future__ import annotations

from django.urls import re_path

from opsadmin.faces import http_api, mcp, metrics

# With and without the slash at the end: a redirect would lose the body of a POST.
urlpatterns = [
    re_path(r"^ops-api/?$", http_api.index, name="ops_api"),
    re_path(r"^ops-api/(?P<name>[^/]+)/?$", http_api.operate, name="ops_api_operation"),
    re_path(r"^ops-api/(?P<name>[^/]+)/preview/?$", http_api.look_ahead, name="ops_api_preview"),
    re_path(r"^ops-api/(?P<name>.*)$", http_api.nothing_here),
    re_path(r"^mcp/?$", mcp.endpoint, name="ops_mcp"),
    re_path(r"^metrics/?$", metrics.scrape, name="ops_metrics"),
]
