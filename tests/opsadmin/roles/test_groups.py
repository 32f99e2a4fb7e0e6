"""The groups that stand for the roles: made once, brought up to date, and otherwise left to people."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from django.contrib.auth.models import Group, Permission
from django.core.management.sql import emit_post_migrate_signal
from django.db import connections
from django.db.migrations.executor import MigrationExecutor
from psycopg.conninfo import conninfo_to_dict

from opsadmin.core.roles import Role
from opsadmin.models import RoleGroup
from opsadmin.role_groups import NAMES, restore, role_states

pytestmark = pytest.mark.django_db


def migrated() -> None:
    emit_post_migrate_signal(verbosity=0, interactive=False, db="default")


def held(group: Group) -> set[str]:
    rows = group.permissions.values_list("content_type__app_label", "codename")
    return {f"{app}.{codename}" for app, codename in rows}


def group_of(role: Role) -> Group:
    return RoleGroup.objects.get(role=role).group


def test_the_first_migrate_made_them_each_with_all_of_the_one_before():
    viewer, operator, administrator = (held(Group.objects.get(name=name)) for name in NAMES.values())
    assert viewer < operator < administrator
    assert {"opsadmin.view_database", "stores.view_jsondocument"} <= viewer
    assert {"opsadmin.create_index", "stores.switch_store", "opsadmin.execute_sql"} <= operator - viewer
    assert {"opsadmin.drop_index", "opsadmin.use_api", "stores.manage_store"} <= administrator - operator
    assert not any(permission.startswith("auth.") for permission in administrator)


def test_another_migrate_changes_nothing():
    before = [(group, held(group)) for group in Group.objects.order_by("pk")]
    migrated()
    assert [(group, held(group)) for group in Group.objects.order_by("pk")] == before


def test_another_name_is_kept_and_what_is_new_is_given():
    group = group_of(Role.OPERATOR)
    group.name = "Bereitschaft"
    group.save()
    row = RoleGroup.objects.get(role=Role.OPERATOR)
    row.granted.remove("opsadmin.create_index")
    row.save()
    group.permissions.remove(Permission.objects.get(codename="create_index"))
    migrated()
    assert "opsadmin.create_index" in held(group_of(Role.OPERATOR))
    assert Group.objects.count() == 3
    assert group_of(Role.OPERATOR).name == "Bereitschaft"


def test_a_permission_that_was_taken_is_not_given_again():
    group = group_of(Role.ADMINISTRATOR)
    group.permissions.remove(Permission.objects.get(codename="drop_index"))
    group.permissions.add(Permission.objects.get(codename="add_user"))
    migrated()
    assert "opsadmin.drop_index" not in held(group)
    state = role_states()[-1]
    assert state.lacking == ("opsadmin.drop_index",)
    assert restore(Role.ADMINISTRATOR) == group
    assert {"opsadmin.drop_index", "auth.add_user"} <= held(group)


def test_a_permission_beyond_the_role_is_told_and_taken_by_restoring():
    group = group_of(Role.VIEWER)
    group.permissions.add(Permission.objects.get(codename="drop_index"))
    assert role_states()[0].beyond == ("opsadmin.drop_index",)
    restore(Role.VIEWER)
    assert "opsadmin.drop_index" not in held(group)


def test_a_deleted_group_stays_deleted_until_it_is_restored():
    group_of(Role.VIEWER).delete()
    migrated()
    assert Group.objects.count() == 2
    assert role_states()[0].group is None
    assert restore(Role.VIEWER).name == NAMES[Role.VIEWER]
    assert "opsadmin.view_database" in held(group_of(Role.VIEWER))


def test_groups_of_another_origin_are_not_touched():
    RoleGroup.objects.all().delete()
    Group.objects.all().delete()
    foreign = [Group.objects.create(name=name) for name in ("Ops viewer", "Ops viewer (2)", "Ops viewers")]
    migrated()
    assert [held(group) for group in foreign] == [set(), set(), set()]
    assert group_of(Role.VIEWER).name == "Ops viewer (3)"


def test_permissions_that_are_not_there_yet_are_made():
    Permission.objects.filter(content_type__app_label="stores").delete()
    RoleGroup.objects.all().delete()
    Group.objects.all().delete()
    migrated()
    assert "stores.switch_store" in held(group_of(Role.OPERATOR))


@pytest.mark.django_db(databases=["default", "store"])
def test_nothing_happens_in_the_database_that_is_looked_after():
    RoleGroup.objects.all().delete()
    emit_post_migrate_signal(verbosity=0, interactive=False, db="store")
    assert not RoleGroup.objects.exists()


def test_on_the_way_back_there_is_no_table_and_no_error():
    loader = MigrationExecutor(connections["default"]).loader
    others = [node for node in loader.graph.leaf_nodes() if node[0] != "opsadmin"]
    state = loader.project_state([*others, ("opsadmin", "0012_statements")])
    RoleGroup.objects.all().delete()
    emit_post_migrate_signal(verbosity=0, interactive=False, db="default", apps=state.apps)
    assert not RoleGroup.objects.exists()


def test_a_site_database_in_postgresql(superuser_dsn, tmp_path):
    """From empty, and without the store's tables."""
    name = f"roles_{os.getpid()}"
    with psycopg.connect(superuser_dsn, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    parts = conninfo_to_dict(superuser_dsn, dbname=name)
    environment = {
        **os.environ,
        "SITE_DATABASE_URL": " ".join(f"{key}='{value}'" for key, value in parts.items()),
        "VAR_DIR": str(tmp_path),
    }
    try:
        command = [sys.executable, "manage.py", "migrate", "opsadmin", "--verbosity", "0"]
        root = Path(__file__).parents[3]
        done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        with psycopg.connect(superuser_dsn, dbname=name) as connection:
            rows = connection.execute(
                "SELECT g.name, count(*) > 3 FROM auth_group AS g JOIN auth_group_permissions AS p ON p.group_id = g.id "
                "GROUP BY g.name ORDER BY min(g.id)"
            ).fetchall()
        assert rows == [(name, True) for name in NAMES.values()]
    finally:
        with psycopg.connect(superuser_dsn, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
