"""The disk's check, against real file systems where it can be."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from opsadmin.core.check import CannotLook
from stores.checks import disk


def test_a_roomy_disk_is_fine(settings: Any, tmp_path: Path) -> None:
    settings.STORE_DIR = tmp_path
    assert "left in" in disk.look(None).examined  # type: ignore[arg-type]


def test_a_missing_directory_is_no_verdict(settings: Any, tmp_path: Path) -> None:
    settings.STORE_DIR = tmp_path / "none"
    with pytest.raises(CannotLook, match="none cannot be looked at"):
        disk.look(None)  # type: ignore[arg-type]


def test_render_keeps_only_what_is_mounted(settings: Any) -> None:
    settings.ON_RENDER = True
    settings.STORE_DIR = Path("/etc")  # with the root's file system, wherever this runs
    if os.stat("/etc").st_dev != os.stat("/").st_dev:
        pytest.skip("/etc is a file system of its own here")
    assert "Render empties it" in disk.look(None).findings[-1].message  # type: ignore[arg-type]
    settings.ON_RENDER = False
    assert not [finding for finding in disk.look(None).findings if "Render" in finding.message]  # type: ignore[arg-type]


@pytest.mark.parametrize(("megabytes", "severity"), [(10, "critical"), (100, "warning")])
def test_a_small_disk(settings: Any, tmp_path: Path, megabytes: int, severity: str) -> None:
    mount = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(tmp_path)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("mounting a small file system needs root")
    try:
        settings.STORE_DIR = tmp_path
        settings.ON_RENDER = True
        [finding] = disk.look(None).findings  # type: ignore[arg-type]  # a mounted one outlives a deploy
        assert finding.severity == severity
        assert "MB left" in finding.message
    finally:
        subprocess.run(["umount", str(tmp_path)], check=True)
