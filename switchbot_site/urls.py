"""The site's addresses."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from switchbot_site.health import readyz

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("readyz", readyz, name="readyz"),
    path("admin/", admin.site.urls),
    path("", include("opsadmin.faces.urls")),
]
