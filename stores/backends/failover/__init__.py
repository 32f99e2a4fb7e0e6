"""Documents in PostgreSQL that outlive its outages: see `store.FailoverStore`."""

from stores.backends.failover.host import Host, host_at
from stores.backends.failover.mode import Mode
from stores.backends.failover.report import DocumentResync, ResyncReport
from stores.backends.failover.store import FailoverStore

__all__ = ["DocumentResync", "FailoverStore", "Host", "Mode", "ResyncReport", "host_at"]
