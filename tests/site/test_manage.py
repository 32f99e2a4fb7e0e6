"""`manage.py`: what an operator can mend is a sentence, and holds no password."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

MANAGE = Path(__file__).parent.parent.parent / "manage.py"


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("POSTGRES_URL", "postgres:/role:s3cret", "POSTGRES_URL"),
        ("POSTGRES_URL", "postgresql://role:s3cret@127.0.0.1:1/home", "nothing listens"),
        ("STORE_POOL_SIZE", "0", "1 or more"),
        ("STORE_DEADLINE_SECONDS", "-1", "above 0"),
    ],
)
def test_a_wrong_setting_is_a_sentence(name, value, says, tmp_path):
    found = subprocess.run(
        [sys.executable, str(MANAGE), "migrate", "--database=store", "--no-input"],
        env={**os.environ, name: value, "VAR_DIR": str(tmp_path)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert found.returncode == 1
    assert says in found.stderr
    assert "Traceback" not in found.stderr
    assert "s3cret" not in found.stdout + found.stderr
