"""Which Python ``make`` installs PMM with."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

FASTEST_PYTHON = Path(__file__).parents[2] / "tools" / "fastest_python.sh"


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """A folder with what the script itself calls, and no Python."""
    for name in ("sort", "head", "cut"):
        (tmp_path / name).symlink_to(f"/usr/bin/{name}")
    return tmp_path


def test_the_one_that_runs_python_fastest(programs: Path) -> None:
    fast = programs / "python"
    fast.symlink_to(Path(sys.executable).resolve())
    pretend(programs / "python3.13", f'exec {Path(sys.executable).resolve()} -X tracemalloc=25 "$@"')

    assert found(programs) == str(fast)


def test_none_that_is_too_old_or_makes_no_virtual_environments(programs: Path) -> None:
    pretend(programs / "python3", "exit 1")

    assert found(programs) == ""


def pretend(path: Path, script: str) -> None:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def found(path: Path) -> str:
    return subprocess.run(
        ["/bin/sh", str(FASTEST_PYTHON)], env={"PATH": str(path)}, capture_output=True, text=True, check=True
    ).stdout.strip()
