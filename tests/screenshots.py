"""`make screenshots`: pictures of every page, into docs/screenshots: light, dark, narrow, and with PostgreSQL stopped. Of a
site of its own with the sample home, started for it and stopped again.

    .venv/bin/python -m tests.screenshots [--to DIRECTORY] [PAGE ...]
"""

from __future__ import annotations

import argparse
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg

from switchbot_site.local.binaries import CHECKOUT
from tests.fixtures.browser import FLAGS, NARROW, WIDE, find_chromium

#: By name: the colours and the language that the browser asks for, and the size of its window.
LOOKS = {
    "light": ("light", WIDE, "en-GB"),
    "dark": ("dark", WIDE, "en-GB"),
    "narrow": ("light", NARROW, "en-GB"),
    "french": ("light", WIDE, "fr-FR"),
}
#: What the home's dashboard asks, so that the pages have something to show.
LOAD = (
    "SELECT data FROM json_store WHERE kind = 'state'",
    "SELECT count(*), max(timestamp) FROM state_history WHERE timestamp > now() - interval '1 day'",
    "SELECT * FROM state_history ORDER BY timestamp DESC LIMIT 20",
    "SELECT timestamp, temperature FROM state_history WHERE error_count > 3",
    "SELECT avg(temperature) FROM state_history WHERE last_action = 'cool' AND temperature > 28",
    "SELECT s.kind, h.timestamp FROM json_store AS s CROSS JOIN state_history AS h WHERE s.data ? 'automation_enabled'",
)
START_SECONDS = 180.0


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="screenshots", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--to", type=Path, default=CHECKOUT / "docs" / "screenshots", help="where the pictures go")
    parser.add_argument("pages", nargs="*", metavar="PAGE", help="only those pages, by the end of their address")
    options = parser.parse_args(arguments)
    if find_chromium() is None:
        print("There is no Chromium here: `apt-get install chromium`, or set CHROMIUM to its path.", file=sys.stderr)
        return 1
    with ExitStack() as at_end:
        var = Path(at_end.enter_context(tempfile.TemporaryDirectory(prefix="switchbot-screenshots-")))
        address, password = at_end.enter_context(site(var))
        work(var)
        options.to.mkdir(parents=True, exist_ok=True)
        with browser() as chromium:
            for picture in pictures(chromium, address, password, var, set(options.pages)):
                target = options.to / f"{picture[0]}.png"
                target.write_bytes(picture[1])
                print(f"{target.relative_to(CHECKOUT) if target.is_relative_to(CHECKOUT) else target}", flush=True)
    return 0


@contextmanager
def site(var: Path) -> Iterator[tuple[str, str]]:
    """A running site with data in `var`: its address, and the password of its user admin."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        number = free.getsockname()[1]
    environment = {**os.environ, "VAR_DIR": str(var), "PORT": str(number), "ENV_FILE": "/dev/null", "POSTGRES_URL": ""}
    environment.pop("DJANGO_SETTINGS_MODULE", None)
    process = subprocess.Popen(
        [sys.executable, "-m", "switchbot_site.local.run"],
        cwd=CHECKOUT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    try:
        said, until = "", time.monotonic() + START_SECONDS
        while "The site is ready" not in said:
            line = process.stdout.readline()
            if not line or time.monotonic() > until:
                raise RuntimeError(f"The site did not start:\n{said}")
            said += line
        found = re.search(r"password (\S+)", said)
        assert found is not None, said
        yield f"http://127.0.0.1:{number}", found[1]
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate()


def work(var: Path) -> None:
    """Something to see: what a dashboard asks of its database."""
    with psycopg.connect((var / "postgres.dsn").read_text(encoding="utf-8").strip(), autocommit=True) as connection:
        for _ in range(400):
            for statement in LOAD:
                connection.execute(statement)
    # A past: as if the site had run for two days.
    code = "import django; django.setup(); from tests.fixtures.sampled import fill; fill()"
    environment = {**os.environ, "VAR_DIR": str(var), "ENV_FILE": "/dev/null", "POSTGRES_URL": ""}
    environment["DJANGO_SETTINGS_MODULE"] = "switchbot_site.settings"
    subprocess.run([sys.executable, "-c", code], cwd=CHECKOUT, env=environment, check=True)


@contextmanager
def others(var: Path) -> Iterator[None]:
    """Sessions of other people: one holds a row, another waits for it, a third has asked for something long."""
    dsn = (var / "postgres.dsn").read_text(encoding="utf-8").strip()
    row = "UPDATE state_history SET error_count = 0 WHERE id = (SELECT min(id) FROM state_history)"
    with ExitStack() as stack:
        stack.enter_context(suppress(psycopg.Error))  # PostgreSQL is stopped meanwhile
        for name, text in (("cleanup", row), ("dashboard", row), ("report", "SELECT pg_sleep(600)")):
            connection = stack.enter_context(closing(psycopg.connect(dsn, application_name=name)))
            if name == "cleanup":
                connection.execute(text)
            else:
                connection.pgconn.send_query(text.encode())
                connection.pgconn.flush()
        yield


def stop_postgresql(var: Path) -> None:
    """As when a server is taken away: sessions are cut."""
    # Where it may be somebody else's than root's, a link in `var` says where it is.
    pid = int((var / "postgres" / "postmaster.pid").read_text(encoding="ascii").splitlines()[0])
    os.kill(pid, signal.SIGINT)
    until = time.monotonic() + 30
    while Path(f"/proc/{pid}").exists() and time.monotonic() < until:
        time.sleep(0.05)


@contextmanager
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=find_chromium(), args=list(FLAGS))
        yield chromium
        chromium.close()


def pictures(chromium: Any, address: str, password: str, var: Path, wanted: set[str]) -> Iterator[tuple[str, bytes]]:
    """The name and the PNG of each picture."""
    person = chromium.new_context(locale="en-GB")
    page = person.new_page()
    page.goto(f"{address}/admin/login/")
    page.get_by_label("Username").fill("admin")
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_selector("#user-tools")
    found = addresses(page, address)
    shown = {name: where for name, where in found.items() if not wanted or name in wanted}
    if "ideas" in shown:
        page.goto(shown["ideas"])
        page.get_by_role("button", name="Look for ideas").click()
        page.wait_for_selector("#drops-head, .ideas-head, .ideas-lines")
    state = person.storage_state()
    with others(var):
        for name, picture in _all(chromium, state, shown, LOOKS):
            yield name, picture
    stop_postgresql(var)
    # What was read a moment ago is shown again; somebody looks now.
    page.goto(f"{address}/admin/ops/overview/?fresh")
    for name, picture in _all(chromium, state, shown, {"stopped": LOOKS["light"]}):
        yield name, picture


def addresses(page: Any, address: str) -> dict[str, str]:
    """Where each page is, by the end of its address; and one thing of each list."""
    page.goto(f"{address}/admin/ops/overview/")
    links = page.locator("nav.ops-tabs a").evaluate_all("links => links.map(link => link.href)")
    found = {re.sub(r"\W+", "-", link.partition("/ops/")[2]).strip("-"): link for link in links}
    for name, details in (("queries", "a[href*='queryid=']"), ("tables", "a[href*='name=']")):
        if name in found:
            page.goto(found[name])
            first = page.locator(f"main {details}").first
            if first.count():
                found[f"{name}-one"] = first.evaluate("link => link.href")
    return found


def _all(
    chromium: Any, state: Any, shown: dict[str, str], looks: dict[str, tuple[str, Any, str]]
) -> Iterator[tuple[str, bytes]]:
    for look, (scheme, size, language) in looks.items():
        context = chromium.new_context(color_scheme=scheme, viewport=size, storage_state=state, locale=language)
        page = context.new_page()
        for name, where in shown.items():
            page.goto(where)
            # Hiding the caret would take an inline style, which the policy forbids.
            yield f"{name}-{look}", page.screenshot(full_page=True, caret="initial")
        context.close()


if __name__ == "__main__":
    sys.exit(main())
