"""Tables beside the state: they are not closed under whoever writes to them."""

from __future__ import annotations

import asyncio
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from pmm.orchestrator.v1 import orchestrator_pb2 as pb
from services.orchestrator.tables import Tables
from tests.orchestrator.conftest import ROOMY, SERVICES
from tests.orchestrator.talking import converse
from tests.support.serving import serving


async def test_a_service_that_stops_while_a_page_is_being_written_waits_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    apply, close = Tables.apply, Tables.close
    has_begun, seen = threading.Event(), list[tuple[str, Tables]]()

    def slow(self: Tables, *arguments: Any) -> None:
        seen.append(("begun", self))
        has_begun.set()
        time.sleep(0.5)
        apply(self, *arguments)
        seen.append(("written", self))

    def closed(self: Tables) -> None:
        seen.append(("closed", self))
        close(self)

    async with serving(tmp_path, *SERVICES, settings=ROOMY) as running:
        await running.orchestrator.create_mind(pb.CreateMindRequest(mind_id="ada"))
        monkeypatch.setattr(Tables, "apply", slow)
        monkeypatch.setattr(Tables, "close", closed)
        await converse(running, "hello")
        while not has_begun.is_set():
            await asyncio.sleep(0.01)

    for tables in {one for _, one in seen}:
        steps = [step for step, one in seen if one is tables]
        assert steps.count("begun") == steps.count("written")
        assert steps[-1] == "closed"
