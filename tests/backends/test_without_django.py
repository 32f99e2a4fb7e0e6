"""The backends work where Django is not even installed."""

import subprocess
import sys

CODE = """
import sys
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("django", "environ"):
            raise ImportError(name)
sys.meta_path.insert(0, Refuse())
from stores.backends import HistoryService, JsonStore, Line, PostgresStore
from stores.errors import StoreError
from stores.documents.merge_rules import RULES
from stores.sync.merge import merge
store = JsonStore(sys.argv[1])
store.write({"mode": "summer"})
print(merge({}, store.read(), {"last_tick": None}, RULES["settings"]).document)
"""


def test_a_flask_app_can_use_them(tmp_path):
    done = subprocess.run([sys.executable, "-c", CODE, str(tmp_path / "settings.json")], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("{'last_tick': None, 'mode': 'summer'}\n", "")


FAILOVER = """
import sys
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("django", "environ"):
            raise ImportError(name)
sys.meta_path.insert(0, Refuse())
from stores.backends import FailoverStore, HistoryService, JsonStore, PostgresStore
from stores.errors import StoreUnavailable
dsn, directory = sys.argv[1:]
def begin(dsn):
    return FailoverStore(
        PostgresStore(dsn, "settings"), JsonStore(directory + "/settings.json"), journal_dir=directory, probe=False
    )
with HistoryService(dsn, spool_dir=directory + "/spool") as history:
    history.record({"last_temperature": 20.5})
here = begin(dsn)
here.write({"mode": "winter"})
here.close()
away = begin("host=/nonexistent")
with away.transaction() as held:
    held.write({**held.read(), "poll_interval_seconds": 90})
print(away.status().backend, away.read())
try:
    away.resync()
except StoreUnavailable as error:
    print("PostgreSQL is not running" in str(error))
away.close()
back = begin(dsn)
report = back.resync()
print(report.documents[0].verdict, back.status().backend, back.read(), history.pending)
"""


def test_a_flask_app_outlives_an_outage(store_db, tmp_path):
    done = subprocess.run([sys.executable, "-c", FAILOVER, store_db, str(tmp_path)], capture_output=True, text=True)
    documents = "{'mode': 'winter', 'poll_interval_seconds': 90}"
    assert done.stdout.splitlines() == [f"filesystem {documents}", "True", f"ours postgres {documents} 0"], done.stderr


def test_merging_needs_no_backend():
    """The failover imports it, so it must not import the backends; nor has it a use for a network."""
    code = (
        "import sys, stores.sync.merge, stores.documents.merge_rules\n"
        "print([name for name in sys.modules if name.startswith(('django', 'psycopg', 'stores.backends', 'socket'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("[]\n", "")
