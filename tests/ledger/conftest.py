from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.ledger import RunningLedger, running_ledger


@pytest.fixture
async def ledger(tmp_path: Path) -> AsyncIterator[RunningLedger]:
    """An empty ledger behind a real server."""
    async with running_ledger(tmp_path / "ledger") as running:
        yield running
