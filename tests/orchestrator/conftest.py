"""All four services behind one real server, and a mind in them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from pmm.orchestrator.v1 import orchestrator_pb2 as pb
from tests.support.serving import Served, serving

SERVICES = ("ledger", "inference", "memory", "orchestrator")
ROOMY = {"memory": {"settle_ms": 0}, "orchestrator": {"search_budget_ms": 5_000, "reading_budget_ms": 5_000}}
"""Nothing must be left out of a turn on a busy machine: what is tested is not its speed."""
QUICK: dict[str, Any] = {**ROOMY, "orchestrator": {**ROOMY["orchestrator"], "tick_seconds": 0.05}}


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    async with serving(tmp_path, *SERVICES, settings=ROOMY) as running:
        await running.orchestrator.create_mind(pb.CreateMindRequest(mind_id="ada"))
        yield running


@pytest.fixture
async def lively(tmp_path: Path) -> AsyncIterator[Served]:
    """A mind whose supervisor looks after it twenty times a second."""
    async with serving(tmp_path, *SERVICES, settings=QUICK) as running:
        await running.orchestrator.create_mind(pb.CreateMindRequest(mind_id="ada"))
        yield running
