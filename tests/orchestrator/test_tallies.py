"""How workers did: of the minds that they worked on last, and in all."""

from __future__ import annotations

from pathlib import Path

import pytest

from pmm.orchestrator.v1 import orchestrator_pb2 as pb
from services.orchestrator.workers import tally
from tests.orchestrator.conftest import ROOMY, SERVICES
from tests.orchestrator.talking import converse, followed
from tests.support.serving import serving

MINDS = ("ada", "bea", "cleo")


async def test_few_minds_are_kept_and_the_sum_is_of_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tally, "MINDS_KEPT", 2)
    processed: dict[str, int] = {}
    async with serving(tmp_path, *SERVICES, settings=ROOMY) as served:
        for name in MINDS:
            await served.orchestrator.create_mind(pb.CreateMindRequest(mind_id=name))
            await converse(served, "I live in Porto.", name)
            await followed(served, name)
        for name in ("", *MINDS):
            found = await served.orchestrator.list_workers(pb.ListWorkersRequest(mind_id=name))
            processed[name] = next(
                worker.processed for worker in found.workers if worker.name == "extraction"
            )

    assert processed == {"": 3, "ada": 0, "bea": 1, "cleo": 1}
