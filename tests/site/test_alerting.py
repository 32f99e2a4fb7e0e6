"""Alerts from the environment."""

from __future__ import annotations

import pytest
from django.core.exceptions import ImproperlyConfigured

from opsadmin.setup_checks import check_alerts
from switchbot_site.alerting import alert_options, mail_settings
from switchbot_site.environment import Environment


def test_where_they_go(monkeypatch, settings):
    for name, value in {
        "ALERT_EMAIL": "a@example.com, b@example.com",
        "ALERT_WEBHOOK_URL": "https://example.com/hook",
        "ALERT_SLACK_URL": "https://hooks.example.com/x",
        "ALERT_LEAST_SEVERITY": "Warning",
        "RENDER_EXTERNAL_HOSTNAME": "ops.onrender.example",
    }.items():
        monkeypatch.setenv(name, value)
    found = alert_options(Environment())
    assert found["EMAIL"] == ["a@example.com", "b@example.com"]
    assert [one["shape"] for one in found["WEBHOOKS"]] == ["json", "slack"]
    assert (found["LEAST"], found["SITE_URL"]) == ("warning", "https://ops.onrender.example")
    settings.OPSADMIN = {"ALERTS": found}
    assert check_alerts(None) == []
    found["WEBHOOKS"][0]["url"] = "http://example.com/s3cret"
    (error,) = check_alerts(None)
    assert error.id == "opsadmin.E004"
    assert "s3cret" not in error.msg


def test_the_mail_server():
    assert mail_settings(None) == {}
    found = mail_settings("smtp+tls://ops%40example.com:p%40ss@smtp.example.com:587")
    assert found == {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": "smtp.example.com",
        "EMAIL_PORT": 587,
        "EMAIL_HOST_USER": "ops@example.com",
        "EMAIL_HOST_PASSWORD": "p@ss",
        "EMAIL_USE_TLS": True,
    }


@pytest.mark.parametrize("url", ["s3cret", "https://s3cret", "smtp://a:s3cret@host:port"])
def test_a_mail_server_that_is_none(url):
    with pytest.raises(ImproperlyConfigured, match="EMAIL_URL cannot be read") as refused:
        mail_settings(url)
    assert "s3cret" not in str(refused.value)
