"""Setup mistakes are system checks."""

from django.apps import apps
from django.conf import settings as site_settings

from opsadmin.setup_checks import check_api_tokens, check_atomic_requests, check_template_order


def test_our_own_settings_are_fine():
    assert check_template_order(None) == []
    assert check_atomic_requests(None) == []
    assert check_api_tokens(None) == []


def test_wrong_order_is_an_error(settings):
    settings.INSTALLED_APPS = [name for name in site_settings.INSTALLED_APPS if name != "opsadmin"] + ["opsadmin"]
    assert [message.id for message in check_template_order(None)] == ["opsadmin.E001"]


def test_without_the_admin_is_an_error(settings):
    settings.INSTALLED_APPS = ["opsadmin", "django.contrib.auth", "django.contrib.contenttypes"]
    assert not apps.is_installed("django.contrib.admin")
    assert [message.id for message in check_template_order(None)] == ["opsadmin.E002"]


def test_atomic_requests_on_the_store_is_a_warning(settings):
    settings.DATABASES = {**settings.DATABASES, "store": {**settings.DATABASES["store"], "ATOMIC_REQUESTS": True}}
    assert [message.id for message in check_atomic_requests(None)] == ["opsadmin.W001"]


def test_a_token_in_place_of_its_digest_is_an_error(settings):
    fine = {"name": "cron", "sha256": "0" * 64, "reach": "writes"}
    for wrong in ({**fine, "sha256": "ops_secret"}, {**fine, "reach": "all"}, {"sha256": "0" * 64}, "ops_secret"):
        settings.OPSADMIN = {"API_TOKEN_SHA256": [fine, wrong]}
        found = check_api_tokens(None)
        assert [message.id for message in found] == ["opsadmin.E003"]
        assert "Entry 2" in found[0].msg
        assert "ops_secret" not in str(found[0])
