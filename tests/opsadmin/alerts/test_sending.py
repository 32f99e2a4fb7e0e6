"""Alerts on their way: to servers that are slow, broken, or send elsewhere, and past a process that is killed."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from datetime import timedelta

import pytest
from django.core import mail
from django.db import connections
from django.utils import timezone

from opsadmin.alerts import outbox
from opsadmin.alerts.send import join, send_waiting, wake
from opsadmin.api import OperationError, call
from opsadmin.models import AlertDelivery, Retention
from tests.opsadmin.alerts.receivers import hook
from tests.opsadmin.logbook.reports import critical, fine
from tests.opsadmin.logbook.test_incidents import note

State = AlertDelivery.State


def later(**ago):
    """The waiting ones are due, as if time had passed."""
    AlertDelivery.objects.filter(state=State.WAITING).update(next_at=timezone.now() - timedelta(seconds=1))


def states():
    return list(AlertDelivery.objects.order_by("pk").values_list("channel", "state", "attempts"))


@pytest.mark.django_db
@pytest.mark.usefixtures("by_hand")
class TestByHand:
    def test_json_slack_and_mail(self, alerts, webhook, mail_server):
        alerts(webhook.url, {"url": webhook.url, "shape": "slack"}, email=["a@example.com", "b@example.com"])
        note(0, critical("index.invalid"))
        assert send_waiting() == (3, 0)
        assert [channel for channel, _state, _n in states()] == ["e-mail", "127.0.0.1", "127.0.0.1 #2"]
        generic, slack = webhook.got
        assert list(slack) == ["text"]
        assert slack["text"] == generic["text"]
        assert generic["id"] == webhook.keys[0]
        assert generic["changes"][0]["message"] == "public.orders is in a bad way."
        (received,) = (one.replace("\r\n ", " ") for one in mail_server.mails)
        assert "Subject: [test] Critical: Index invalid (store). public.orders is in a bad way." in received
        assert "To: a@example.com, b@example.com" in received

    def test_a_name_and_a_password_in_the_address(self, alerts, webhook):
        alerts(webhook.url.replace("//", "//ops:a%20b@"))
        note(0, critical("index.invalid"))
        assert send_waiting() == (1, 0)
        assert webhook.signed == ["Basic b3BzOmEgYg=="]

    def test_django_s_own_mail_and_a_label_with_a_newline(self, alerts, mailoutbox):
        alerts(email=["a@example.com"], LABEL="été\nBcc: x@example.com")
        note(0, critical("index.invalid", message="Zeile 1\nZeile 2 « ü »"))
        assert send_waiting() == (1, 0)
        assert len(mail.outbox) == 1
        assert "\n" not in mail.outbox[0].subject
        assert mail.outbox[0].recipients() == ["a@example.com"]

    def test_a_broken_server_gets_it_later_and_in_order(self, alerts, webhook):
        alerts(webhook.url)
        webhook.answers = [500]
        note(0, critical("index.invalid"))
        assert send_waiting() == (0, 1)
        note(20, fine("index.invalid"))
        note(25, fine("index.invalid"))
        assert send_waiting() == (0, 0)  # its turn comes after the first one's
        row = AlertDelivery.objects.earliest("pk")
        assert (row.error, row.attempts) == ("127.0.0.1 answered 500.", 1)
        assert row.next_at > timezone.now() + timedelta(seconds=10)
        later()
        assert send_waiting() == (2, 0)
        assert [one["status"] for one in webhook.got] == ["critical", "critical", "resolved"]
        assert webhook.keys[0] == webhook.keys[1]

    def test_it_is_given_up_at_last(self, alerts, webhook):
        alerts(webhook.url)
        webhook.answers = [503] * 20
        note(0, critical("index.invalid"))
        for _ in range(len(outbox.PAUSES) + 3):
            later()
            send_waiting()
        assert states() == [("127.0.0.1", "given_up", len(outbox.PAUSES) + 1)]

    def test_one_that_waits_for_hours_does_not_hold_up_what_comes_after_it(self, alerts, webhook):
        alerts(webhook.url)
        webhook.answers = [503] * 4
        note(0, critical("index.invalid"))
        for _ in range(3):
            later()
            send_waiting()
        assert states() == [("127.0.0.1", "waiting", 3)]
        note(1, critical("connection.answers"))
        assert send_waiting() == (0, 1)
        assert states()[0] == ("127.0.0.1", "waiting", 3), "it has as many attempts of its own as before"
        note(20, fine("index.invalid"), fine("connection.answers"))
        note(25, fine("index.invalid"), fine("connection.answers"))
        sent, failed = send_waiting()
        assert (sent >= 2, failed) == (True, 0)
        assert not AlertDelivery.objects.filter(state=State.WAITING).exists()

    @pytest.mark.parametrize("status", [301, 307, 404, 410])
    def test_a_no_is_given_up_soon_and_nobody_is_followed(self, alerts, webhook, status):
        alerts(webhook.url)
        webhook.answers = [status] * 5
        note(0, critical("index.invalid"))
        for _ in range(5):
            later()
            send_waiting()
        assert states() == [("127.0.0.1", "given_up", 3)]
        assert len(webhook.got) == 3

    def test_one_that_does_not_answer_costs_seconds_and_the_others_nothing(self, alerts, webhook, impatient):
        webhook.slow = threading.Event()
        with hook() as other:
            alerts(webhook.url, other.url)
            note(0, critical("index.invalid"))
            begun = time.monotonic()
            assert send_waiting() == (1, 1)
            assert time.monotonic() - begun < 5
            assert len(other.got) == 1
        assert "did not answer within" in AlertDelivery.objects.get(state=State.WAITING).error

    def test_no_secret_is_told(self, alerts, webhook, caplog, impatient, mail_server):
        caplog.set_level(logging.DEBUG)
        alerts(webhook.url, "http://127.0.0.1:1/s3cret-t0ken", "https://u:s3cret-t0ken@nowhere.invalid/s3cret-t0ken")
        webhook.answers = [500]
        note(0, critical("index.invalid"))
        assert send_waiting() == (0, 3)
        kept = [str(value) for row in AlertDelivery.objects.values() for value in row.values()]
        ours = [record.getMessage() for record in caplog.records if record.name.startswith("opsadmin")]
        assert len(ours) == 3
        assert "s3cret" not in "".join(kept + ours)
        # Nor by the library, at the level that sites log at.
        library = [record.getMessage() for record in caplog.records if record.levelno >= logging.INFO]
        assert "s3cret" not in "".join(library)

    def test_a_mail_server_that_takes_none(self, alerts, mail_server):
        mail_server.refuse = True
        alerts(email=["nobody@example.com"])
        note(0, critical("index.invalid"))
        assert send_waiting() == (0, 1)
        assert AlertDelivery.objects.get().error == "The mail server takes no mail for the recipients."

    def test_a_channel_that_is_gone(self, alerts):
        alerts("https://example.com/x")
        note(0, critical("index.invalid"))
        alerts("https://example.org/x")
        assert send_waiting() == (0, 1)
        assert states() == [("example.com", "given_up", 1)]

    def test_what_is_kept_is_bounded(self, alerts, webhook):
        Retention.objects.create(name="alerts", value=3)
        alerts(webhook.url)
        for minute in range(0, 200, 20):
            note(minute, critical("index.invalid") if minute % 40 == 0 else fine("index.invalid"))
            note(minute + 5, critical("index.invalid") if minute % 40 == 0 else fine("index.invalid"))
            send_waiting()
        assert AlertDelivery.objects.count() <= 4

    def test_another_process_s_is_left_alone_until_it_must_be_dead(self, alerts, webhook):
        alerts(webhook.url)
        note(0, critical("index.invalid"))
        row = outbox.next_due()
        assert row is not None
        assert send_waiting() == (0, 0)
        AlertDelivery.objects.update(claimed_until=timezone.now() - timedelta(seconds=1))
        assert send_waiting() == (1, 0)


@pytest.mark.django_db(transaction=True)
def test_nobody_waits_for_the_sending(alerts, webhook):
    alerts(webhook.url)
    webhook.slow = threading.Event()
    begun = time.monotonic()
    note(0, critical("index.invalid"))
    assert time.monotonic() - begun < 5
    assert webhook.arrived.wait(10)
    assert states()[0][1] == "waiting"
    webhook.slow.set()
    assert join(20)
    assert states() == [("127.0.0.1", "sent", 1)]


@pytest.mark.django_db(transaction=True)
def test_the_trial(alerts, webhook):
    with pytest.raises(OperationError, match="No alerts"):
        call("test_alert")
    alerts(webhook.url, "http://127.0.0.1:1/x")
    found = call("test_alert", seconds=20)
    assert [(one.channel, one.state) for one in found] == [("127.0.0.1", "sent"), ("127.0.0.1 #2", "waiting")]
    assert "could not be reached" in found[1].error
    assert webhook.got[0]["status"] == "test"
    assert [one.state for one in call("list_alerts")] == ["waiting", "sent"]


#: Writes what a look found, and is killed before, or in the middle of, the sending.
KILLED = """
import os, sys, django
django.setup()
from django.conf import settings
from django.db import connections
settings.DATABASES["default"]["NAME"] = connections["default"].settings_dict["NAME"] = sys.argv[1]
settings.OPSADMIN = {"ALERTS": {"WEBHOOKS": [{"url": sys.argv[2]}]}}
from opsadmin.logbook import happened, sources
sources._sources = []
if sys.argv[3] == "before":
    happened.wake = lambda: None
from tests.opsadmin.logbook.reports import critical, fine, report
happened.note_report("store", report(30, fine("index.invalid")))
happened.note_report("store", report(40, fine("index.invalid")))
print("written", flush=True)
import time; time.sleep(60)
"""


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("moment", ["before", "during"])
def test_a_process_that_is_killed_loses_no_message(alerts, webhook, moment):
    alerts(webhook.url)
    note(0, critical("index.invalid"))
    assert join(20)
    assert len(webhook.got) == 1
    webhook.arrived.clear()
    webhook.slow = threading.Event()
    name = str(connections["default"].settings_dict["NAME"])
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, name, webhook.url, moment],
        stdout=subprocess.PIPE,
        env=dict(os.environ),
        text=True,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline().strip() == "written"
        if moment == "during":
            assert webhook.arrived.wait(20)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
    webhook.slow.set()
    assert states()[1][1] == "waiting"
    # As long as it may live nobody takes it over.
    AlertDelivery.objects.update(claimed_until=None)
    wake()
    assert join(20)
    assert [one["status"] for one in webhook.got[:2]] == ["critical", "resolved"]
    assert len(set(webhook.keys)) == 2
    assert states()[1][1] == "sent"
