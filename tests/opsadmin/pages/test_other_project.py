"""The pages in a project that has nothing else of ours."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]


def test_in_another_project(superuser_dsn, tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "tests.opsadmin.pages.other_project", superuser_dsn, str(tmp_path)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin"},
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    pages = json.loads(done.stdout.splitlines()[-1])["pages"]
    assert {tuple(codes) for *codes, _ in pages.values()} == {(200, 200)}
    for *_, text in pages.values():
        assert "Back office" in text
        assert "/admin/" not in text.replace("/static/admin/", "")
    assert '<select name="database"' in pages["ops/run/list_schemas/?_run=1"][-1]
    assert "PostgreSQL does not answer." in pages["ops/run/list_schemas/?database=gone"][-1]
    shown = pages["ops/overview/"][-1]
    assert "Database size" in shown
    assert 'href="?database=gone"' in shown
    assert "It was never seen from here" in pages["ops/overview/?database=gone"][-1]
    assert "Database size" in pages["ops/overview/?database=default"][-1]  # no PostgreSQL: the default one is shown
    assert "pg_stat_statements" in pages["ops/queries/"][-1]
    assert 'href="?database=gone"' in pages["ops/queries/"][-1]
    assert "Nothing of it was seen from here before" in pages["ops/queries/?database=gone"][-1]
