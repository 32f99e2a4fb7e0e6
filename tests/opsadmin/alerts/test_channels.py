"""The settings of alerts."""

from __future__ import annotations

from datetime import timedelta

import pytest

from opsadmin.alerts.channels import channels, policy, problems
from opsadmin.core.finding import Status


def test_what_is_left_out(settings):
    settings.OPSADMIN = {}
    assert channels() == ()
    assert problems() == []
    assert policy().least is Status.CRITICAL
    assert policy().cooldown == timedelta(minutes=15)


def test_names_show_no_address(alerts):
    alerts("https://hooks.example.com/T0/s3cret", "https://hooks.example.com/T1/s3cret", email=["a@example.com"])
    found = channels()
    assert [one.name for one in found] == ["e-mail", "hooks.example.com", "hooks.example.com #2"]
    assert "s3cret" not in repr(found)
    assert problems() == []


@pytest.mark.parametrize(
    "entry, words",
    [
        ("https://example.com", "is not {"),
        ({"url": 5}, "is not {"),
        ({"url": "http://example.com/s3cret"}, "only https"),
        ({"url": "ftp://example.com/s3cret"}, "without https"),
        ({"url": "s3cret"}, "without https"),
        ({"url": "https://example.com:s3cret/"}, "cannot be read"),
        ({"url": "https://[s3cret/"}, "cannot be read"),
        ({"url": "https://example.com/", "shape": "teams"}, "shape"),
    ],
)
def test_a_wrong_webhook_is_said_and_left_out(settings, entry, words):
    settings.OPSADMIN = {"ALERTS": {"WEBHOOKS": [entry]}}
    (problem,) = problems()
    assert words in problem
    assert "s3cret" not in problem
    assert channels() == ()


def test_other_wrong_values(settings):
    settings.OPSADMIN = {
        "ALERTS": {"EMAIL": "a@example.com", "WEBHOOKS": 5, "LEAST": "bad", "COOLDOWN_MINUTES": float("nan")}
    }
    assert len(problems()) == 4
    assert (channels(), policy().least, policy().cooldown) == ((), Status.CRITICAL, timedelta(minutes=15))
    settings.OPSADMIN = {"ALERTS": ["x"]}
    assert len(problems()) == 1
    settings.OPSADMIN = {"ALERTS": {"EMAIL": ["nobody", 5]}}
    assert len(problems()) == 1
