"""What is asked of each operation: at every door the same. What changes something is asked for its preview, or changes what
was made for that one call."""

from __future__ import annotations

import contextlib
import json
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg

#: Keys that say when or how long; they differ from one call to the next.
TIMES = frozenset({"took", "started", "age", "since", "elapsed_seconds", "cutoff"})


@dataclass(frozen=True)
class Sample:
    """A call. `what`: set behind the operation's name where there are several. `made`: makes what one call needs and gives
    the parameters for it. `preview`: what it would do is asked for, not that it is done. `differs`: why two calls a
    moment apart do not have the same answer; then only their shape must be the same."""

    name: str
    parameters: dict[str, Any] = field(default_factory=dict)
    what: str = ""
    made: Callable[[], AbstractContextManager[dict[str, Any]]] | None = None
    preview: bool = False
    differs: str = ""

    @property
    def title(self) -> str:
        said = self.what or ("preview" if self.preview else "")
        return f"{self.name} ({said})" if said else self.name

    @contextmanager
    def call(self) -> Iterator[dict[str, Any]]:
        """The parameters of one call."""
        with self.made() if self.made is not None else contextlib.nullcontext({}) as more:
            yield {**self.parameters, **more}


def samples(dsn: str, conflicts: Iterator[str]) -> list[Sample]:
    """One or more of every operation. `conflicts`: ids of open ones, each for one call."""

    @contextmanager
    def victim() -> Iterator[dict[str, Any]]:
        with psycopg.connect(dsn, autocommit=True, application_name="transcript") as connection:
            connection.pgconn.send_query(b"SELECT pg_sleep(600)")
            with psycopg.connect(dsn, autocommit=True) as other:
                runs = "SELECT state = 'active' FROM pg_stat_activity WHERE pid = %s"
                while other.execute(runs, [connection.info.backend_pid]).fetchone() != (True,):
                    time.sleep(0.01)
            yield {"pid": connection.info.backend_pid}
            connection.pgconn.finish()

    @contextmanager
    def scratch() -> Iterator[dict[str, Any]]:
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute("CREATE TABLE IF NOT EXISTS doors_scratch (n integer, at timestamptz)")
            connection.execute("CREATE INDEX IF NOT EXISTS doors_scratch_at ON doors_scratch (at)")
            yield {}
            connection.execute("DROP INDEX IF EXISTS doors_scratch_n")

    @contextmanager
    def unmade() -> Iterator[dict[str, Any]]:
        yield {"index": f"public.doors_{secrets.token_hex(4)}"}

    @contextmanager
    def last_run() -> Iterator[dict[str, Any]]:
        from opsadmin.models import OperationRun

        yield {"run": OperationRun.objects.filter(outcome="done").latest("pk").pk}

    @contextmanager
    def conflict() -> Iterator[dict[str, Any]]:
        yield {"id": next(conflicts)}

    day = "SELECT temperature FROM state_history WHERE timestamp > $1 AND assumed_aircon_power = $2 ORDER BY timestamp"
    index = {"table": "state_history", "columns": ["assumed_aircon_power", "timestamp"], "using": "btree"}
    counting = "SELECT assumed_aircon_power, count(*) AS readings FROM state_history WHERE timestamp < $1 GROUP BY 1 ORDER BY 1"
    moving = "the database goes on"
    session = "a session of its own for each call"
    return [
        Sample("analyze_db_health", differs=moving),
        Sample("analyze_db_health", {"health_type": "index,sequence"}, "old spelling", differs=moving),
        Sample("list_schemas"),
        Sample("list_objects", {"schema_name": "public"}, differs=moving),
        Sample("get_object_details", {"schema_name": "public", "object_name": "state_history"}, differs=moving),
        Sample("get_top_queries", {"limit": 5, "sort_by": "calls"}, differs=moving),
        Sample("list_sessions", {"include_idle": True}, differs=moving),
        Sample("list_locks", differs=moving),
        Sample("cancel_query", preview=True, made=victim, differs=session),
        Sample("cancel_query", made=victim, differs=session),
        Sample("terminate_session", preview=True, made=victim, differs=session),
        Sample("terminate_session", made=victim, differs=session),
        Sample("explain_query", {"sql": day}, "$1", differs=moving),
        Sample("explain_query", {"sql": day, "hypothetical_indexes": [index]}, "what if", differs=moving),
        Sample("explain_query", {"sql": counting.replace("$1", "now()"), "analyze": True}, "analyze", differs=moving),
        Sample("execute_sql", {"sql": counting, "params": ["2001-01-01"]}, "a parameter"),
        Sample("execute_sql", {"sql": "SELECT kind, data FROM json_store WHERE kind = 'settings'"}, "json"),
        Sample("execute_sql", {"sql": "SELECT pg_sleep(1)"}, "refused"),
        Sample("execute_sql", {"sql": "SELECT * FROM nowhere"}, "wrong"),
        Sample("analyze_query_indexes", {"queries": [day]}, differs=moving),
        Sample("analyze_workload_indexes", differs=moving),
        Sample("review_indexes", differs=moving),
        Sample(
            "create_index", {"table": "doors_scratch", "columns": ["n"]}, made=scratch, preview=True, differs=moving
        ),
        Sample(
            "create_index",
            {"table": "doors_scratch", "columns": ["n"], "name": "doors_scratch_n", "concurrently": False},
            made=scratch,
            differs=moving,
        ),
        Sample("reindex_index", {"index": "doors_scratch_at"}, made=scratch, preview=True, differs=moving),
        Sample("drop_index", {"index": "doors_scratch_at"}, made=scratch, preview=True, differs=moving),
        Sample("follow_index", {"queries": [day]}, made=unmade, differs=moving),
        Sample("get_run", made=last_run, differs=moving),
        Sample("cancel_run", what="over already", made=last_run, differs=moving),
        Sample("store_health", differs=moving),
        Sample("get_document", {"kind": "settings"}),
        Sample("list_conflicts"),
        Sample("settle_conflict", {"take": "ours"}, made=conflict, differs="a conflict of its own for each call"),
        Sample("adopt_database", what="dry run"),
        Sample("migrate_to_postgres", {"force": True}, "dry run", differs=moving),
        Sample("resync_store", what="dry run"),
        Sample("export_store", {"force": True}, differs=moving),
        Sample("switch_store", {"to": "filesystem", "reason": "a look"}, preview=True),
        Sample("switch_store", {"to": "postgres", "reason": "it is there already"}, "nothing to do"),
        Sample("prune_history", {"hours": 47}, preview=True, differs=moving),
        Sample("prune_history", {"hours": 47}, differs=moving),
    ]


def without_sample(names: list[str], known: list[Sample]) -> list[str]:
    """The operations that none of the samples asks for."""
    return [name for name in names if name not in {one.name for one in known}]


def as_text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1)
