"""Pages of the admin that are not a model's: each app's `pages` module registers its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase


@dataclass(frozen=True)
class Page:
    """`slug` is the address under ops/ and the url name `admin:ops_<slug>`; `permission` as `app.codename`.
    Slugs must not begin with each other: the admin marks the current page by substring. `title` may be lazy. Pages stand
    by `order` (lowest first), then as registered. `needs_database`: it has little to show while PostgreSQL is down."""

    slug: str
    title: Any
    view: Callable[[HttpRequest], HttpResponseBase]
    permission: str
    order: int = 0
    needs_database: bool = True

    @property
    def url_name(self) -> str:
        return "ops_" + self.slug.replace("-", "_")


_pages: dict[str, Page] = {}


def register_page(page: Page) -> None:
    """Add a page to the sidebar group "Operations".

    Raises ValueError where its slug begins another one's, or the other way round."""
    for other in _pages.values():
        if other.slug != page.slug and (other.slug.startswith(page.slug) or page.slug.startswith(other.slug)):
            raise ValueError(f"The page slugs {page.slug!r} and {other.slug!r} begin with each other.")
    _pages[page.slug] = page


def pages() -> list[Page]:
    """In the order of the sidebar."""
    return sorted(_pages.values(), key=lambda page: page.order)
