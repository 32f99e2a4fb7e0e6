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
store = JsonStore(sys.argv[1])
store.write({"mode": "summer"})
print(store.read())
"""


def test_a_flask_app_can_use_them(tmp_path):
    done = subprocess.run([sys.executable, "-c", CODE, str(tmp_path / "settings.json")], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("{'mode': 'summer'}\n", "")
