"""Running the commands and looking at the tables, for the tests of this directory."""

import io
import json
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from django.core.management import CommandError, call_command

SAMPLES = Path(__file__).parent.parent / "samples"
SAMPLE_HOME = Path(__file__).parent.parent.parent / "switchbot_site" / "local" / "sample_home"


@dataclass
class Ended:
    code: int
    out: str
    err: str

    @property
    def report(self):
        return json.loads(self.out)


def run(command, *arguments):
    """The command in this process."""
    out, err = io.StringIO(), io.StringIO()
    code = 0
    try:
        call_command(command, *map(str, arguments), stdout=out, stderr=err)
    except SystemExit as ended:
        code = ended.code
    except CommandError as error:
        code = error.returncode
        err.write(str(error))
    return Ended(code, out.getvalue(), err.getvalue())


class Tables:
    """What the two tables hold, seen over a connection of our own."""

    def __init__(self, dsn):
        self.dsn = dsn
        self.connection = psycopg.connect(dsn, autocommit=True)

    def everything(self):
        rows = self.connection.execute("SELECT kind, data::text, revision, updated_at FROM json_store ORDER BY kind")
        kept = self.connection.execute("SELECT * FROM json_store_revision ORDER BY kind, revision")
        return rows.fetchall(), kept.fetchall()

    def document(self, kind):
        row = self.connection.execute("SELECT data::text FROM json_store WHERE kind = %s", [kind]).fetchone()
        return json.loads(row[0])

    def put(self, kind, document):
        """As the dashboard writes."""
        text = document if isinstance(document, str) else json.dumps(document)
        self.connection.execute(
            "INSERT INTO json_store (kind, data, updated_at) VALUES (%s, %s::jsonb, now()) "
            "ON CONFLICT (kind) DO UPDATE SET data = EXCLUDED.data, updated_at = now()",
            [kind, text],
        )

    def revisions(self, kind):
        """Newest first: (revision, document, writer, reason)."""
        return self.connection.execute(
            "SELECT revision, data, writer, reason FROM json_store_revision WHERE kind = %s ORDER BY revision DESC",
            [kind],
        ).fetchall()


@pytest.fixture
def tables(store_db):
    found = Tables(store_db)
    yield found
    found.connection.close()


@pytest.fixture
def put_file(tmp_path):
    """Write a file and answer its path."""

    def put(content, name="settings.json"):
        path = tmp_path / name
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
        return path

    return put
