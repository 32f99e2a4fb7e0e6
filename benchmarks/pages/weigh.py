"""What a browser loads that was never here: requests and bytes on the line."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from benchmarks.pages.place import Site
from tests.fixtures.browser import FLAGS, WIDE, find_chromium


@dataclass(frozen=True)
class Weight:
    """`complaints`: what the browser had to say."""

    requests: int
    transferred: int
    complaints: tuple[str, ...]


def weigh(site: Site, addresses: Iterable[str]) -> dict[str, Weight]:
    """A first visit of each address. Empty where there is no Chromium."""
    path = find_chromium()
    if path is None:
        return {}
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        try:
            return {address: _first_visit(browser, site, address) for address in addresses}
        finally:
            browser.close()


def _first_visit(browser: Any, site: Site, address: str) -> Weight:
    context = browser.new_context(viewport=WIDE)
    context.add_cookies(
        [{"name": name, "value": value, "url": site.url} for name, value in site.client.cookies.items()]
    )
    page = context.new_page()
    line = context.new_cdp_session(page)
    requests: list[str] = []
    lengths: list[float] = []
    complaints: list[str] = []
    line.on("Network.requestWillBeSent", lambda event: requests.append(event["request"]["url"]))
    line.on("Network.loadingFinished", lambda event: lengths.append(event["encodedDataLength"]))
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    line.send("Network.enable")
    page.goto(f"{site.url}{address}", wait_until="networkidle")
    context.close()
    return Weight(len(requests), int(sum(lengths)), tuple(complaints))
