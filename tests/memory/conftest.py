"""A ledger and the memory that follows it, behind a real server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.serving import Served, serving

SETTINGS = {"memory": {"settle_ms": 0}}


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    async with serving(tmp_path, "ledger", "memory", settings=SETTINGS) as running:
        yield running
