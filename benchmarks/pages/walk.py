"""The addresses of the site, as somebody finds them who follows its links, and one visit after the other."""

from __future__ import annotations

import html
import re
import statistics
import time
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urljoin, urlsplit

import psycopg

from benchmarks.pages.place import Log, Site, Statements
from switchbot_site.local.cluster import SUPERUSER, Cluster

#: The parameters whose value makes another page; of the others (a name, a number) one value stands for all.
KINDS = ("sort", "show", "list", "range", "part", "type", "area", "write")
#: What a link asks for that is not a page, or looks anew.
LEFT_OUT = ("export", "format", "fresh", "again", "logout", "password_change", "jsi18n", "/add/", "/autocomplete/")
_LINK = re.compile(r'<a\b[^>]*?href="([^"#]+)"')


@dataclass
class Visits:
    """What came of the visits of one address. Times in milliseconds, lengths in bytes."""

    address: str
    status: int = 0
    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    statements: list[int] = field(default_factory=list)
    failed: int = 0
    postgres: list[float] = field(default_factory=list)
    length: int = 0
    packed: int = 0
    slowest: list[tuple[float, str]] = field(default_factory=list)

    @property
    def first_ms(self) -> float:
        return self.wall[0]

    @property
    def median_ms(self) -> float:
        return statistics.median(self.wall)

    @property
    def cpu_ms(self) -> float:
        return statistics.median(self.cpu)

    @property
    def most_statements(self) -> int:
        return max(self.statements)

    @property
    def postgres_ms(self) -> float:
        return statistics.median(self.postgres)


def addresses(site: Site) -> list[str]:
    """The index, all that its sidebar leads to, and of each page one of each kind that it links to."""
    index = "/admin/"
    found = {_shape(index): index}
    first = [one for one in _links(site, index) if _is_page(one)]
    for one in first:
        found.setdefault(_shape(one), one)
    for page in list(found.values()):
        if page == index:
            continue
        path = urlsplit(page).path
        for one in _links(site, page):
            beside = urlsplit(one)
            if _is_page(one) and (beside.path == path and beside.query or _is_below(beside.path, path)):
                found.setdefault(_shape(one), one)
    return list(found.values())


def _links(site: Site, address: str) -> Iterable[str]:
    answer = site.client.get(address, follow_redirects=True)
    return [urljoin(str(answer.url.path), html.unescape(link)) for link in _LINK.findall(answer.text)]


def _is_page(address: str) -> bool:
    return address.startswith("/admin/") and not any(word in address for word in LEFT_OUT)


def _is_below(path: str, page: str) -> bool:
    return path != page and path.startswith(page)


def _shape(address: str) -> tuple[object, ...]:
    """What two addresses have in common that show the same kind of page."""
    parts = urlsplit(address)
    query = {(name, value if name in KINDS else "") for name, value in parse_qsl(parts.query)}
    # Of a model's rows one stands for all, so do the forms of the operations.
    path = re.sub(r"(?<=/admin/ops/run/)[^/]+|(?<=/)[^/]+(?=/change/)|(?<=/)\d+(?=/)", "*", parts.path)
    return path, frozenset(query)


def visit(
    site: Site,
    found: Iterable[str],
    rounds: int,
    *,
    log: Log | None = None,
    settle: Callable[[], None] = lambda: None,
) -> list[Visits]:
    """Each address so many times. `settle` waits until the site's questions are over; `log` is read then."""
    rows = []
    for address in found:
        row = Visits(address)
        for _ in range(rounds):
            settle()
            if log:
                log.skip()
            spent, begun = site.cpu_ms(), time.perf_counter()
            answer = site.client.get(address)
            row.wall.append((time.perf_counter() - begun) * 1000)
            settle()
            row.cpu.append(site.cpu_ms() - spent)
            sent = log.read() if log else Statements(0, 0, 0.0, [])
            row.statements.append(sent.count)
            row.failed = max(row.failed, sent.failed)
            row.postgres.append(sent.ms)
            row.slowest = row.slowest or sent.slowest
            row.status = max(row.status, answer.status_code)
            row.length = max(row.length, len(answer.content))
            row.packed = max(row.packed, len(zlib.compress(answer.content)))
        rows.append(row)
    return rows


class Quiet:
    """Waits until nobody asks PostgreSQL anything for the site."""

    def __init__(self, cluster: Cluster) -> None:
        self.connection = psycopg.connect(cluster.dsn("postgres", user=SUPERUSER), autocommit=True)
        self.role = cluster.role

    def __call__(self) -> None:
        busy = "SELECT count(*) FROM pg_stat_activity WHERE usename = %s AND state <> 'idle'"
        until = time.monotonic() + 30
        while time.monotonic() < until:
            row = self.connection.execute(busy, [self.role]).fetchone()
            if row == (0,):
                return
            time.sleep(0.01)
        raise SystemExit("The site's questions to PostgreSQL do not end.")

    def close(self) -> None:
        self.connection.close()
