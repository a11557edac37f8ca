"""All four services behind one real server, and a mind in them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from pmm.orchestrator.v1 import orchestrator_pb2 as pb
from tests.support.openai_server import OpenAIServer
from tests.support.serving import Served, serving

SERVICES = ("ledger", "inference", "memory", "orchestrator")
ROOMY = {"memory": {"settle_ms": 0}, "orchestrator": {"search_budget_ms": 5_000, "reading_budget_ms": 5_000}}
"""Nothing must be left out of a turn on a busy machine: what is tested is not its speed."""
QUICK: dict[str, Any] = {**ROOMY, "orchestrator": {**ROOMY["orchestrator"], "tick_seconds": 0.05}}


def answered_by(server: OpenAIServer, model: str = "ok", **orchestrator: Any) -> dict[str, dict[str, Any]]:
    """Settings with a model server, whose model answers and does nothing by itself."""
    alone = {"extracts_with_model": False, "reflects": False}
    backend = {"backend": "openai", "openai_base_url": server.base_url, "model": model}
    return {**ROOMY, "orchestrator": {**ROOMY["orchestrator"], **alone, **orchestrator}, "inference": backend}


@pytest.fixture
def model_server() -> Iterator[OpenAIServer]:
    with OpenAIServer() as server:
        yield server


@pytest.fixture
async def modelled(tmp_path: Path, model_server: OpenAIServer) -> AsyncIterator[Served]:
    """A mind for which a model answers."""
    async with serving(tmp_path, *SERVICES, settings=answered_by(model_server)) as running:
        await running.orchestrator.create_mind(pb.CreateMindRequest(mind_id="ada"))
        yield running


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
