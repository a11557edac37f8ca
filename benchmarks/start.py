"""How long ``pmm up`` takes from the command to SERVING, in a new folder."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from benchmarks.rows import Row, row
from tests.support.stack import Stack

STARTS = 5


def run() -> list[Row]:
    """The row ``start.serving.s``."""
    seconds: list[float] = []
    for _ in range(STARTS):
        with tempfile.TemporaryDirectory() as folder:
            began = time.perf_counter()
            with Stack(Path(folder) / "data"):
                seconds.append(time.perf_counter() - began)
    return [row("start.serving.s", seconds, "s")]
