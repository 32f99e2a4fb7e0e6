"""The bed, sown once for a run of these tests, and the report of each role on it."""

from __future__ import annotations

import importlib
import pkgutil
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from django.db import connections
from django.test import override_settings
from psycopg.conninfo import conninfo_to_dict

import tests.sick_database as package
from opsadmin.core.finding import HealthReport
from opsadmin.health.report import health_report
from tests.fixtures.postgres import new_cluster
from tests.sick_database.plant import ROLES, Bed, LookAlike, Problem, sow, the_bed

#: What the bed's server is set to, beside what every test cluster is: what a plant needs to be possible at all.
SETTINGS = {
    "wal_level": "logical",
    "max_prepared_transactions": "10",
    "max_replication_slots": "20",
    "max_wal_senders": "10",
    "track_activity_query_size": "4096",
    "archive_mode": "on",
    "archive_command": "false",
    "wal_retrieve_retry_interval": "100ms",
}


def areas() -> list[ModuleType]:
    """The modules with plants: one for each family."""
    names = [one.name for one in pkgutil.iter_modules(package.__path__) if one.name not in ("conftest", "plant")]
    return [importlib.import_module(f"{package.__name__}.{name}") for name in names if not name.startswith("test_")]


def plants() -> list[tuple[str, Problem | LookAlike]]:
    """Each family's plants, from the module of its name."""
    found: list[tuple[str, Problem | LookAlike]] = []
    for module in areas():
        for name in ("PROBLEMS", "LOOK_ALIKES"):
            found += [(module.__name__.rpartition(".")[2], plant) for plant in getattr(module, name, ())]
    return found


def thresholds() -> dict[str, float]:
    """Numbers that a test can wait for: each family's module may say `THRESHOLDS`."""
    found: dict[str, float] = {}
    for module in areas():
        found |= getattr(module, "THRESHOLDS", {})
    return found


@pytest.fixture(scope="session")
def bed() -> Iterator[Bed]:
    directory = Path(tempfile.mkdtemp(prefix="swops-sick-"))
    directory.chmod(0o755)
    cluster = new_cluster(directory / "pg", **SETTINGS)
    try:
        with the_bed(cluster) as made:
            for _, plant in plants():
                if made.superuser.info.server_version // 10_000 >= plant.since:
                    sow(made, plant.sow)
            # `finish`, what must come last: ANALYZE, waiting for counters to arrive, going back in time. `afterwards`: what
            # would be in the others' way, as an open transaction with a number is in VACUUM's.
            for step in ("finish", "afterwards"):
                for module in areas():
                    getattr(module, step, lambda bed: None)(made)
            yield made
    finally:
        cluster.stop("immediate")
        shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(scope="session")
def report_of(bed: Bed, django_db_setup: None, django_db_blocker):
    """A function: the whole report as the given role sees it, every finding by itself. Made once for each role."""
    reports: dict[str, HealthReport] = {}

    def report(role: str) -> HealthReport:
        if role not in reports:
            with (
                django_db_blocker.unblock(),
                override_settings(OPSADMIN={"THRESHOLDS": thresholds()}),
                looking_as(bed, role) as alias,
            ):
                reports[role] = health_report(alias, everything=True)
        return reports[role]

    return report


class looking_as:  # noqa: N801  # used as a word
    """Django's alias `sick` for a role on the bed."""

    def __init__(self, bed: Bed, role: str) -> None:
        parts = conninfo_to_dict(bed.dsn(ROLES[role]))
        self.settings = {
            **connections.settings["store"],
            "ENGINE": "django.db.backends.postgresql",
            "NAME": parts["dbname"],
            "USER": parts["user"],
            "HOST": parts["host"],
            "PORT": parts["port"],
            "OPTIONS": {},
        }

    def __enter__(self) -> str:
        connections.settings["sick"] = self.settings
        return "sick"

    def __exit__(self, *error: object) -> None:
        connections["sick"].close()
        del connections["sick"]
        del connections.settings["sick"]
