"""Where documents and history are kept, without Django: a Flask app can use these classes as they are."""

from stores.backends.failover import FailoverStore
from stores.backends.history import HistoryService
from stores.backends.json_file import JsonStore
from stores.backends.line import Line
from stores.backends.postgres import PostgresStore
from stores.backends.protocol import Store, StoreStatus

__all__ = ["FailoverStore", "HistoryService", "JsonStore", "Line", "PostgresStore", "Store", "StoreStatus"]
