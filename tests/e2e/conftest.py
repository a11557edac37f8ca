"""The whole of PMM as a user runs it, in both topologies."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.stack import Stack

Pmm = Callable[..., str]


SPLIT = pytest.param(True, marks=pytest.mark.slow)


@pytest.fixture(scope="module", params=[False, SPLIT], ids=["one-process", "four-processes"])
def stack(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Shared by a module's tests, each with minds of its own: starting takes longer than most of them."""
    with Stack(tmp_path_factory.mktemp("e2e") / "data", split=request.param) as running:
        yield running


@pytest.fixture
def pmm(stack: Stack) -> Pmm:
    """Run ``pmm ARGUMENTS --target …`` and return what it printed; fails the test where it does not exit 0."""

    def run(*arguments: str, stdin: str = "", code: int = 0) -> str:
        done = subprocess.run(
            [str(Path(sys.executable).parent / "pmm"), *arguments, "--target", stack.target],
            input=stdin,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == code, done.stderr or done.stdout
        assert "Traceback" not in done.stderr
        return done.stdout if code == 0 else done.stderr

    return run


@pytest.fixture
def pmm_json(pmm: Pmm) -> Callable[..., Any]:
    return lambda *arguments: json.loads(pmm(*arguments, "--json"))
