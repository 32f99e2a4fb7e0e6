"""Sending one message through one channel: within seconds, without following anybody elsewhere, and without a word of a
secret in what went wrong."""

from __future__ import annotations

import asyncio
import base64
import json
import smtplib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes, urlsplit
from urllib.request import getproxies, proxy_bypass

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.utils.translation import gettext as _

from opsadmin.alerts.channels import LOCAL, Channel

if TYPE_CHECKING:
    import httpx2

#: For the whole of a webhook, and for each step of a mail.
SECONDS = 10.0
_SMTP = "django.core.mail.backends.smtp.EmailBackend"


class NotSent(Exception):
    """Why it has not arrived, in words without a secret. `refused`: the other side said no, and will again."""

    def __init__(self, words: str, *, refused: bool = False) -> None:
        super().__init__(words)
        self.words = words
        self.refused = refused


def post(way: Channel, key: str, subject: str, message: Mapping[str, Any]) -> None:
    """Send it. `key` names the message: who gets it twice can tell by that.

    Raises `NotSent`."""
    if way.shape == "email":
        _mail(way, key, subject, message)
    else:
        _call(way, key, message)


def _mail(way: Channel, key: str, subject: str, message: Mapping[str, Any]) -> None:
    options: dict[str, Any] = (
        {"timeout": SECONDS} if settings.EMAIL_BACKEND == _SMTP and settings.EMAIL_TIMEOUT is None else {}
    )
    mail = EmailMessage(
        subject=" ".join(subject.split()),
        body=str(message["text"]) + "\n",
        to=list(way.recipients),
        headers={"X-Alert-Id": key, "Auto-Submitted": "auto-generated"},
    )
    try:
        mail.connection = get_connection(**options)
        mail.send()
    except smtplib.SMTPRecipientsRefused:
        raise NotSent(_("The mail server takes no mail for the recipients."), refused=True) from None
    except smtplib.SMTPResponseException as error:
        words = _("The mail server answered %(code)d.") % {"code": error.smtp_code}
        raise NotSent(words, refused=500 <= error.smtp_code < 600) from None
    except (OSError, smtplib.SMTPException, ValueError) as error:
        words = _("The mail server could not be reached (%(kind)s).") % {"kind": type(error).__name__}
        raise NotSent(words) from None


def _call(way: Channel, key: str, message: Mapping[str, Any]) -> None:
    import httpx2  # it takes 0.1 s, which no process pays that never sends

    said = {"text": message["text"]} if way.shape == "slack" else {"id": key, **message}
    host = urlsplit(way.url).hostname or ""
    try:
        status = asyncio.run(asyncio.wait_for(_status_of(way.url, key, said), SECONDS))
    except (TimeoutError, httpx2.TimeoutException):
        words = _("%(host)s did not answer within %(seconds)d s.") % {"host": host, "seconds": SECONDS}
        raise NotSent(words) from None
    except (httpx2.HTTPError, httpx2.InvalidURL, OSError, ValueError) as error:
        words = _("%(host)s could not be reached (%(kind)s).") % {"host": host, "kind": type(error).__name__}
        raise NotSent(words) from None
    if 300 <= status < 400:
        words = _("%(host)s answered %(status)d: it sends elsewhere, which is not followed.")
        raise NotSent(words % {"host": host, "status": status}, refused=True)
    if not 200 <= status < 300:
        # Too early, too many, too slow: it may well want it later.
        refused = 400 <= status < 500 and status not in (408, 425, 429)
        raise NotSent(_("%(host)s answered %(status)d.") % {"host": host, "status": status}, refused=refused)


async def _status_of(url: str, key: str, said: Mapping[str, Any]) -> int:
    """What the other side answers. The transport by itself: a client writes the address into the log, and follows."""
    import httpx2

    headers = {"Content-Type": "application/json", "X-Alert-Id": key, "User-Agent": "opsadmin"}
    address = httpx2.URL(url)
    if address.userinfo:
        headers["Authorization"] = "Basic " + base64.b64encode(unquote_to_bytes(address.userinfo)).decode()
    content = json.dumps(said, ensure_ascii=False).encode()
    timeout = {"timeout": dict.fromkeys(("connect", "read", "write", "pool"), SECONDS)}
    request = httpx2.Request("POST", address, headers=headers, content=content, extensions=timeout)
    async with httpx2.AsyncHTTPTransport(proxy=_proxy(address)) as transport:
        answer = await transport.handle_async_request(request)
        # Its body is not read: it may have no end.
        await answer.aclose()
        return int(answer.status_code)


def _proxy(address: httpx2.URL) -> str | None:
    """The environment's way out, but not for what stays here."""
    if address.host in LOCAL or proxy_bypass(address.host):
        return None
    return getproxies().get(address.scheme)
