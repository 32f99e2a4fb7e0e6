"""What every run has in common."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext as _

from stores import documents, registry
from stores.backends.failover import Host
from stores.backends.protocol import KINDS
from stores.errors import StoreMisconfigured
from stores.sync.plan import Domain
from stores.sync.show import Paper

DONE, FAILED, REFUSED, UNDECIDED, INTERRUPTED = 0, 1, 2, 3, 130


class Run(Protocol):
    """`exit_code`: of its command. `closing()`: what came of it, and what to do next."""

    error: str

    @property
    def verdict(self) -> str: ...

    @property
    def exit_code(self) -> int: ...

    def as_dict(self) -> dict[str, Any]: ...

    def closing(self) -> tuple[str, str]: ...

    def show(self, paper: Paper) -> None: ...


def dsn() -> str:
    """The store's address. Raises `StoreMisconfigured`."""
    try:
        return registry.store_dsn()
    except ImproperlyConfigured:
        raise StoreMisconfigured(_("POSTGRES_URL names no database. Add its name.")) from None


def host() -> Host | None:
    """This host's part of the failover; None where there is none yet, which a look must not change. Raises
    `StoreError`."""
    return registry.host() if (Path(settings.STORE_DIR) / "mode").exists() else None


def domain() -> Domain:
    """What the documents may contain, for a plan."""
    keys = {kind: documents.known_keys(kind) for kind in KINDS}
    return Domain(keys, documents.masked, documents.ordered)
