"""A Django project of many apps with the same shop in each, on one PostgreSQL. Each app tries one piece of advice."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict

SETTINGS = """
from pathlib import Path
BASE_DIR = Path(__file__).parent.parent
SECRET_KEY = "x" * 50
USE_TZ = True
SILENCED_SYSTEM_CHECKS = ["opsadmin.E002"]  # there is no admin site here
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = ["opsadmin", "django.contrib.contenttypes", "django.contrib.auth", "django.contrib.postgres", %(apps)s]
DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql", **%(database)r}}
"""

SHOP = """
from django.db import models


class Customer(models.Model):
    email = models.CharField(max_length=100, unique=True)


class Client(Customer):
    class Meta:
        proxy = True


class Order(%(base)s):
    status = models.CharField(max_length=20)
    note = models.CharField(max_length=20, null=True)
    code = models.CharField(max_length=20, db_index=True)
    number = models.IntegerField(db_index=True)
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="+")
%(more)s    is_open = models.BooleanField()
    day = models.DateField(null=True)
    created = models.DateTimeField()
    price = models.DecimalField(max_digits=9, decimal_places=2, db_column="Price in €")
    data = models.JSONField()
    body = models.TextField()
%(meta)s
"""
PLAIN = "models.Model"
MANY = "    rivals = models.ManyToManyField(Customer, related_name='+')\n"
METAS = {
    "indexes": (
        PLAIN,
        '    class Meta:\n        indexes = [\n            models.Index(fields=["day", "-status"], name="{app}_day_idx"),\n        ]',
    ),
    "meta": (PLAIN, '    class Meta:\n        ordering = ["day"]'),
    "none": (PLAIN, ""),
    "base": ("Dated", ""),
    "schema": (PLAIN, '    class Meta:\n        db_table = \'"other"."Order of {app}"\''),
    "through": (PLAIN, ""),
    "child": ("Customer", ""),
    "parted": (PLAIN, "    class Meta:\n        managed = False\n        db_table = 'parted'"),
    "unmanaged": (PLAIN, "    class Meta:\n        managed = False\n        db_table = 'by_hand'"),
}
BASE = """
class Dated(models.Model):
    written = models.DateTimeField(null=True)

    class Meta:
        abstract = True
        indexes = [models.Index(fields=["written"], name="%(app_label)s_%(class)s_w")]

"""
ASK = """
import json, sys
from django.db import connection
from opsadmin.advisor.django_text import DjangoProject
from opsadmin.advisor.facts import tables_of
from opsadmin.advisor.spec import IndexSpec, Key

asked = json.load(open(sys.argv[1] if len(sys.argv) > 1 else {path!r}))
project = DjangoProject("default")
answers = {{}}
with connection.cursor() as cursor:
    def ask(sql, values):
        cursor.execute(sql, values)
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row)) for row in cursor.fetchall()]
    for app, wanted in asked.items():
        cursor.execute("SELECT %s::regclass::oid", [wanted["table"]])
        relid = cursor.fetchone()[0]
        if "drop" in wanted:
            (table,) = tables_of(ask, [relid]).values()
            index = next(one for one in table.indexes if one.name == wanted["drop"])
            advice = project.drop(index, table)
        else:
            keys = tuple(Key(**key) if isinstance(key, dict) else Key.of(*key) if isinstance(key, list) else Key.of(key) for key in wanted["keys"])
            spec = IndexSpec(relid, wanted["table"], keys, tuple(wanted.get("include", ())), wanted.get("predicate", ""), wanted.get("using", "btree"), wanted.get("options", ""))
            advice = project.add(spec, wanted["name"])
        answers[app] = None if advice is None else {{**advice.as_dict(), "text": advice.text, "ddl": "" if "drop" in wanted else spec.ddl("wanted")}}
print("ANSWERS" + json.dumps(answers))
"""


class Project:
    def __init__(self, directory: Path, address: str, apps: dict[str, str]) -> None:
        """`apps`: what the Meta of each one's Order is like."""
        self.directory = directory
        self.apps = list(apps)
        parts = conninfo_to_dict(address)
        names = {"NAME": "dbname", "USER": "user", "HOST": "host", "PORT": "port", "PASSWORD": "password"}
        database = {ours: str(parts.get(theirs, "")) for ours, theirs in names.items()}
        (directory / "site_of_shops").mkdir()
        (directory / "site_of_shops" / "__init__.py").touch()
        said = ", ".join(repr(f"shops.{app}") for app in apps)
        (directory / "site_of_shops" / "settings.py").write_text(SETTINGS % {"apps": said, "database": database})
        for app, kind in apps.items():
            base, meta = METAS[kind]
            more = MANY if kind == "through" else ""
            source = SHOP % {"base": base, "meta": meta.format(app=app), "more": more}
            if base == "Dated":
                source = source.replace("class Customer", f"{BASE.lstrip()}\nclass Customer", 1)
            package = directory / "shops" / app
            (package / "migrations").mkdir(parents=True)
            (package / "__init__.py").touch()
            (package / "migrations" / "__init__.py").touch()
            (package / "models.py").write_text(source)

    def run(self, program: str) -> str:
        """What a program in the project prints."""
        done = subprocess.run(
            [
                sys.executable,
                "-c",
                f"import django\ndjango.setup()\nfrom django.core.management import call_command\n{program}",
            ],
            cwd=self.directory,
            env={
                "PATH": os.environ["PATH"],
                "DJANGO_SETTINGS_MODULE": "site_of_shops.settings",
                "PYTHONPATH": f"{self.directory}{os.pathsep}{os.getcwd()}",
                "HOME": str(self.directory),
            },
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
        return done.stdout

    def migrate(self, target: str = "") -> None:
        """The shops (and auth) all the way, or the shops to the migration whose name begins so."""
        self.run(
            "from django.db import connection\n"
            "from django.db.migrations.executor import MigrationExecutor\n"
            "executor = MigrationExecutor(connection)\n"
            f"nodes = executor.loader.graph.{'nodes' if target else 'leaf_nodes()'}\n"
            f"shops = {self.apps if target else [*self.apps, 'auth']!r}\n"
            f"executor.migrate(sorted(one for one in nodes if one[0] in shops and one[1].startswith({target!r})))"
        )

    def ask(self, wanted: dict) -> dict:
        path = self.directory / "asked.json"
        path.write_text(json.dumps(wanted))
        said = self.run(ASK.format(path=str(path)))
        return json.loads(said.partition("ANSWERS")[2])

    def take(self, advice: dict) -> None:
        """Does what the advice says: the source into the model, the migration into its file."""
        if advice["migration"]:
            (self.directory / advice["path"]).write_text(advice["migration"])
        if not advice["change"]:
            return
        file, line, where = re.fullmatch(r"(.+), line (\d+): (.+)", advice["place"]).groups()
        path = self.directory / file
        lines = path.read_text().splitlines()
        at = int(line) - 1
        change = advice["change"].splitlines()
        if where.startswith("add to Meta.indexes"):
            lines[at + 1 : at + 1] = [f"            {one}" for one in change]
        elif where.startswith("add to Meta of"):
            lines[at + 1 : at + 1] = [f"        {one}" for one in change]
        elif where.startswith("add to "):
            end = next((n for n in range(at + 1, len(lines)) if lines[n] and not lines[n].startswith(" ")), len(lines))
            lines[end:end] = [f"    {one}" for one in change]
        elif where.startswith("take away"):
            gone = {one.removeprefix("# ").strip() for one in change}
            lines = [one for one in lines if one.strip() not in gone]
        elif "db_index=False" in where:
            lines[at] = lines[at].removesuffix(")") + ", db_index=False)"
        else:
            lines[at] = lines[at].replace(", db_index=True", "").replace("db_index=True", "")
        path.write_text("\n".join([*advice["imports"], *lines]) + "\n")
