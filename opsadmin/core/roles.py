"""Roles: which permission belongs to whom. Each has all that the one before it has.

An app says it in its `roles` module, for what is not plain from its operations:

    declare(Role.OPERATOR, "stores.change_storeconflict")
    declare(Role.ADMINISTRATOR, "stores.*")         # whatever else the app has

What is said nowhere goes by the operations that ask for the permission: reading is a viewer's, writing an operator's,
destroying an administrator's."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from opsadmin.core.operation import Effect, Operation


class Role(StrEnum):
    VIEWER = "viewer"
    OPERATOR = "operator"
    ADMINISTRATOR = "administrator"

    @property
    def rank(self) -> int:
        """0 for the viewer up to 2 for the administrator."""
        return list(Role).index(self)


BY_EFFECT = {Effect.READS: Role.VIEWER, Effect.WRITES: Role.OPERATOR, Effect.DESTROYS: Role.ADMINISTRATOR}

_declared: dict[str, Role] = {}


def declare(role: Role, *permissions: str) -> None:
    """The permissions (`app.codename`; `app.*` for what else the app has) belong to that role and those above it.

    Raises ValueError where one is declared for two roles, or names no app."""
    for permission in permissions:
        app, dot, codename = permission.partition(".")
        if not app or not dot or not codename:
            raise ValueError(f"A permission is written app.codename, not {permission!r}.")
        if _declared.setdefault(permission, role) is not role:
            raise ValueError(f"The permission {permission!r} is declared for {_declared[permission]} and {role}.")


def lowest_role(permission: str, operations: Iterable[Operation]) -> Role | None:
    """The first role that holds the permission; None where nobody said anything of it, and no role does."""
    if permission in _declared:
        return _declared[permission]
    asking = [one.effect for one in operations if one.permission == permission]
    if asking:
        return BY_EFFECT[max(asking, key=lambda effect: effect.rank)]
    return _declared.get(f"{permission.partition('.')[0]}.*")


def apps_of(operations: Iterable[Operation]) -> frozenset[str]:
    """The labels of the apps whose permissions the roles are about."""
    permissions = [*_declared, *(one.permission for one in operations)]
    return frozenset(permission.partition(".")[0] for permission in permissions)
