"""Each role goes through all pages and operations: no fault, a refusal where there must be one, and no way offered to what
is refused."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import Group
from django.test import Client

from opsadmin.core.operation import Effect
from opsadmin.core.roles import Role
from opsadmin.pages import looks, patient
from opsadmin.pages.registry import pages
from opsadmin.perform import operations
from opsadmin.role_groups import NAMES, role_of
from tests.opsadmin.faces.people import person

# A question is asked in a thread of its own, which sees what is committed.
pytestmark = pytest.mark.django_db(databases=["default", "store"], transaction=True)
_RUN = re.compile(r'(?:href|action|formaction)="/admin/ops/run/([a-z_]+)/')


def holds(role: Role, permission: str) -> bool:
    lowest = role_of(permission)
    return lowest is not None and lowest.rank <= role.rank


@pytest.mark.parametrize("role", list(Role))
def test_everything_that_a_role_can_reach(role, store_db):
    user = person(f"an-{role}")
    user.groups.add(Group.objects.get(name=NAMES[role]))
    client = Client()
    client.force_login(user)
    allowed = {one.name for one in operations() if holds(role, one.permission)}
    sidebar = client.get("/admin/").text
    try:
        for page in pages():
            answer = client.get(f"/admin/ops/{page.slug}/")
            may = holds(role, page.permission)
            assert answer.status_code in (200, 302) if may else 403, page.slug
            assert (f'href="/admin/ops/{page.slug}/"' in sidebar) is may, page.slug
            offered = set(_RUN.findall(answer.text))
            assert offered <= allowed, page.slug
        for one in operations():
            if one.name in allowed and role_of(one.permission) is not role:
                continue  # the role below went there
            status = client.get(f"/admin/ops/run/{one.name}/").status_code
            assert status == (200 if one.name in allowed else 403), one.name
            if one.name not in allowed:
                answer = client.post(f"/admin/ops/run/{one.name}/", {"_step": "run", "_confirm": "yes"})
                assert answer.status_code == 403, one.name
    finally:
        assert patient.join()
        assert looks.join()
    destroying = {one.name for one in operations() if one.effect is Effect.DESTROYS}
    assert destroying <= allowed if role is Role.ADMINISTRATOR else not destroying & allowed
    assert client.get("/admin/auth/user/").status_code == 403


def test_without_a_role_nothing_is_there(store_db):
    client = Client()
    client.force_login(person("stranger"))
    assert "/admin/ops/" not in client.get("/admin/").text.partition("<main")[2]
    for page in pages():
        assert client.get(f"/admin/ops/{page.slug}/").status_code == 403, page.slug
