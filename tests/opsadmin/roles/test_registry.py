"""Every operation has its permission, and every permission its role."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission

from opsadmin.core.operation import Effect
from opsadmin.core.roles import Role, declare
from opsadmin.perform import operations
from opsadmin.role_groups import role_of

#: What only reads and is no viewer's all the same; see docs/core/roles.md.
READS_MORE = {"execute_sql", "measure_index", "sample_rows"}


@pytest.mark.django_db
def test_each_operation_belongs_to_exactly_one_role():
    roles = {one.name: role_of(one.permission) for one in operations()}
    for one in operations():
        app, codename = one.permission.split(".")
        assert Permission.objects.filter(content_type__app_label=app, codename=codename).exists(), one.name
    reading = {one.name: one.effect is Effect.READS for one in operations()}
    assert {name for name, reads in reading.items() if reads and roles[name] is not Role.VIEWER} <= READS_MORE
    writing = [one for one in operations() if one.effect is Effect.WRITES]
    assert all(roles[one.name] in (Role.OPERATOR, Role.ADMINISTRATOR) for one in writing)
    destroying = [one for one in operations() if one.effect is Effect.DESTROYS]
    assert {roles[one.name] for one in destroying} == {Role.ADMINISTRATOR}
    assert roles["analyze_db_health"] is Role.VIEWER
    assert roles["cancel_query"] is Role.OPERATOR
    assert roles["drop_index"] is Role.ADMINISTRATOR


@pytest.mark.parametrize(
    ("permission", "role"),
    [
        ("opsadmin.view_database", Role.VIEWER),
        ("opsadmin.add_ignoredfinding", Role.OPERATOR),
        ("opsadmin.add_checkthreshold", Role.ADMINISTRATOR),
        ("opsadmin.use_api", Role.ADMINISTRATOR),
        ("opsadmin.of_something_new", Role.ADMINISTRATOR),
        ("stores.switch_store", Role.OPERATOR),
        ("stores.change_jsondocument", Role.ADMINISTRATOR),
        ("auth.change_user", None),
    ],
)
def test_whose_a_permission_is(permission, role):
    assert role_of(permission) is role


def test_a_permission_has_one_role():
    declare(Role.VIEWER, "opsadmin.view_database")
    with pytest.raises(ValueError, match="declared for viewer and operator"):
        declare(Role.OPERATOR, "opsadmin.view_database")
    for wrong in ("view_database", ".view", "opsadmin."):
        with pytest.raises(ValueError, match=r"app\.codename"):
            declare(Role.VIEWER, wrong)
