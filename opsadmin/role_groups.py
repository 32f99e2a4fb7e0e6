"""The groups "Ops viewer", "Ops operator" and "Ops administrator". Each `migrate` makes those that were never made, and
gives each what is new in its role. What people did to them stays: another name, a permission more or less, a group that
was deleted. A group of another origin is never touched, whatever it is called."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.apps import AppConfig
from django.apps import apps as installed
from django.apps.registry import Apps
from django.contrib.auth.management import create_permissions
from django.contrib.auth.models import Group, Permission
from django.db import router, transaction
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext as _

from opsadmin.core.roles import Role, apps_of, lowest_role
from opsadmin.models import RoleGroup
from opsadmin.perform import operations

logger = logging.getLogger(__name__)

NAMES = {Role.VIEWER: "Ops viewer", Role.OPERATOR: "Ops operator", Role.ADMINISTRATOR: "Ops administrator"}


def role_title(role: Role) -> str:
    """For people."""
    return {Role.VIEWER: _("Viewer"), Role.OPERATOR: _("Operator"), Role.ADMINISTRATOR: _("Administrator")}[role]


def role_of(permission: str) -> Role | None:
    """The first role that holds the permission (`app.codename`); None where no role does."""
    autodiscover_modules("roles")
    return lowest_role(permission, operations())


def after_migrate(sender: AppConfig, *, using: str, apps: Apps = installed, **rest: Any) -> None:
    """What follows each `migrate`: Django makes permissions only then, app by app, so no migration could give them."""
    last = [one for one in installed.get_app_configs() if one.models_module is not None][-1]
    if sender is not last or not all(router.allow_migrate_model(using, model) for model in (Group, RoleGroup)):
        return
    try:
        # As the tables are by now: on the way back they may be gone.
        roles, groups = apps.get_model("opsadmin", "RoleGroup"), apps.get_model("auth", "Group")
        known = apps.get_model("auth", "Permission")
    except LookupError:
        return
    # Its own permissions may come behind this.
    create_permissions(last, verbosity=0, using=using, apps=apps)
    autodiscover_modules("roles")
    labels = apps_of(operations())
    with transaction.atomic(using=using):
        by_role = _by_role(known.objects.using(using), labels)
        for role in Role:
            _bring_up(role, by_role[role], roles.objects.using(using), groups.objects.using(using))


def _by_role(known: Any, labels: Iterable[str]) -> dict[Role, dict[str, int]]:
    """The permissions of each role with their keys."""
    found: dict[Role, dict[str, int]] = {role: {} for role in Role}
    rows = known.filter(content_type__app_label__in=labels)
    asking = operations()
    for key, app, codename in rows.values_list("pk", "content_type__app_label", "codename"):
        lowest = lowest_role(f"{app}.{codename}", asking)
        for role in Role:
            if lowest is not None and lowest.rank <= role.rank:
                found[role][f"{app}.{codename}"] = key
    return found


def _bring_up(role: Role, permissions: dict[str, int], roles: Any, groups: Any) -> None:
    row = roles.filter(role=role.value).first()
    if row is None:
        row = roles.create(role=role.value, group=groups.create(name=_free_name(role, groups)))
    elif row.group_id is None:
        return  # somebody does without it
    new = permissions.keys() - set(row.granted)
    if not new:
        return
    row.group.permissions.add(*(permissions[name] for name in new))
    row.granted = sorted({*row.granted, *new})
    row.save(update_fields=["granted"])
    logger.debug("[roles] the group %s was given %d permissions", row.group.name, len(new))


def _free_name(role: Role, groups: Any) -> str:
    """The role's name; where another group has it, one that nobody has."""
    taken = set(groups.filter(name__startswith=NAMES[role]).values_list("name", flat=True))
    choices = (NAMES[role], *(f"{NAMES[role]} ({number})" for number in range(2, len(taken) + 3)))
    return next(name for name in choices if name not in taken)


@dataclass(frozen=True)
class RoleState:
    """A role as it is here. `group`: None where it was deleted. `lacking`, `beyond`: the permissions that the group lacks,
    and those of these apps that it has beyond its role."""

    role: Role
    group: Group | None
    members: int
    permissions: int
    lacking: tuple[str, ...]
    beyond: tuple[str, ...]


def role_states() -> list[RoleState]:
    """Every role, the least first."""
    autodiscover_modules("roles")
    labels = apps_of(operations())
    by_role = _by_role(Permission.objects, labels)
    rows = {row.role: row for row in RoleGroup.objects.select_related("group")}
    found = []
    for role in Role:
        group = rows[role.value].group if role.value in rows else None
        held = set()
        if group is not None:
            values = group.permissions.filter(content_type__app_label__in=labels)
            held = {f"{app}.{name}" for app, name in values.values_list("content_type__app_label", "codename")}
        due = set(by_role[role])
        members = group.user_set.count() if group is not None else 0
        found.append(
            RoleState(role, group, members, len(due), tuple(sorted(due - held)), tuple(sorted(held - due)))
            if group is not None
            else RoleState(role, None, 0, len(due), (), ())
        )
    return found


def restore(role: Role) -> Group:
    """Give the role's group exactly what belongs to the role; make it again where it was deleted. Permissions of other
    apps are left to it."""
    autodiscover_modules("roles")
    labels = apps_of(operations())
    with transaction.atomic(using=router.db_for_write(RoleGroup)):
        due = _by_role(Permission.objects, labels)[role]
        row = RoleGroup.objects.filter(role=role.value).first() or RoleGroup(role=role.value)
        if row.group is None:
            row.group = Group.objects.create(name=_free_name(role, Group.objects))
        others = row.group.permissions.exclude(content_type__app_label__in=labels)
        row.group.permissions.set([*others.values_list("pk", flat=True), *due.values()])
        row.granted = sorted(due)
        row.save()
        return row.group
