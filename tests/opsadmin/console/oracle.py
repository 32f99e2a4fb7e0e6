"""What a statement must leave as it was, looked at before and after it on the real server."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import dict_row

SECRET = "CANARYSECRET"
#: Everything that one of the corpus's statements could change, in one row. What our own look adds is left out.
STATE = """
SELECT
    (SELECT string_agg(c::text, ',' ORDER BY id) FROM canary AS c) AS canary,
    (SELECT row(last_value, is_called)::text FROM ticket) AS ticket,
    (SELECT count(*) || ' ' || coalesce(sum(hashtext(data::text)), 0) FROM pg_largeobject) AS large_objects,
    (SELECT count(*) FROM pg_largeobject_metadata) AS large_object_count,
    (SELECT string_agg(oid || relname || relfilenode || coalesce(obj_description(oid), '') || coalesce(relacl::text, ''), ',' ORDER BY oid)
     FROM pg_class WHERE relnamespace = 'public'::regnamespace) AS relations,
    (SELECT count(*) FROM pg_class) AS relation_count,
    (SELECT count(*) FROM pg_proc) AS functions,
    (SELECT count(*) FROM pg_collation) AS collations,
    (SELECT count(*) FROM pg_seclabels) AS labels,
    (SELECT string_agg(a::text, ',' ORDER BY oid) FROM pg_authid AS a) AS roles,
    (SELECT string_agg(s::text, ',' ORDER BY s::text) FROM pg_db_role_setting AS s) AS role_settings,
    (SELECT string_agg(slot_name, ',') FROM pg_replication_slots) AS slots,
    (SELECT string_agg(roname, ',') FROM pg_replication_origin) AS origins,
    (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory') AS advisory_locks,
    (SELECT count(*) FROM pg_locks WHERE relation = 'canary'::regclass) AS canary_locks,
    (SELECT count(*) FROM pg_prepared_xacts) AS prepared,
    (SELECT stats_reset FROM pg_stat_database WHERE datname = current_database()) AS stats_reset,
    (SELECT stats_reset FROM pg_stat_bgwriter) AS bgwriter_reset,
    (SELECT min(stats_reset) FROM pg_stat_slru) AS slru_reset,
    (SELECT stats_reset FROM pg_stat_statements_info) AS statements_reset,
    pg_conf_load_time() AS loaded,
    pg_is_in_recovery() AS recovery,
    div(pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0'), 16777216) AS wal_file,
    (SELECT checkpoint_lsn FROM pg_control_checkpoint()) AS checkpoint
"""


class Oracle:
    """`witness`: a session that listens and must live on; `marker`: a file that must not appear."""

    def __init__(
        self, connection: psycopg.Connection[Any], witness: psycopg.Connection[Any], marker: Path, data: Path
    ) -> None:
        self.connection = connection
        self.witness = witness
        self.marker = marker
        self.configuration = data / "postgresql.auto.conf"

    def close(self) -> None:
        self.connection.close()

    def state(self) -> dict[str, Any]:
        """All that must stay. What the witness heard is read off, so that it is told once."""
        with self.connection.cursor(row_factory=dict_row) as cursor:
            found = cursor.execute(STATE.encode()).fetchone()
        assert found is not None
        heard: list[str] = []
        try:
            heard = [one.payload for one in self.witness.notifies(timeout=0)]
            alive = self.witness.execute("SELECT 1").fetchone() == (1,)
        except psycopg.Error:
            alive = False
        return {
            **found,
            "marker": self.marker.exists(),
            "configuration": self.configuration.read_text(),
            "heard": heard,
            "alive": alive,
        }


def differences(before: dict[str, Any], after: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    """What changed."""
    return {name: (before[name], after[name]) for name in before if before[name] != after[name]}


def secrets_in(answer: str) -> list[str]:
    """The shapes in which a secret stands in a text."""
    shapes = {
        "plain": SECRET,
        "reversed": SECRET[::-1],
        "lower": SECRET.lower(),
        "hex": SECRET.encode().hex(),
        "base64": base64.b64encode(SECRET.encode()).decode()[:12],
        "verifier": "SCRAM-SHA-256$",
        "verifier reversed": "652-AHS-MARCS",
        "verifier hex": b"SCRAM-SHA-256$".hex(),
    }
    return [name for name, shape in shapes.items() if shape in answer]
