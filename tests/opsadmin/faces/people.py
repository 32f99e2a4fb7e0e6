"""Users with just the permissions a test gives them."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission


def person(name: str = "anna", *permissions: str, **more: Any) -> Any:
    """A user of the staff with the permissions, each written `app.codename`."""
    user = get_user_model().objects.create_user(name, is_staff=True, **more)
    for permission in permissions:
        app, codename = permission.split(".")
        user.user_permissions.add(Permission.objects.get(content_type__app_label=app, codename=codename))
    return get_user_model().objects.get(pk=user.pk)  # without the cache of permissions
