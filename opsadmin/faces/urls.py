"""The addresses of the doors without a password: `path("", include("opsadmin.faces.urls"))`."""

from __future__ import annotations

from django.urls import re_path

from opsadmin.faces import mcp

# With and without the slash at the end: a redirect would lose the body of a POST.
urlpatterns = [
    re_path(r"^mcp/?$", mcp.endpoint, name="ops_mcp"),
]
