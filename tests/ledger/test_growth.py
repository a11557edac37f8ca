"""Many minds, long minds, and verification by many processes."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import psutil
import pytest

from pmm.ledger.v1 import ledger_pb2 as pb
from services.ledger.verify import Broken, Verified
from services.ledger.workers import Workers
from tests.support.ledger import LedgerCalls, change_stored, created, running_ledger, said
from tests.support.load import calls
from tests.support.process import ServiceProcess

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
async def test_ten_thousand_minds(tmp_path: Path) -> None:
    names = [f"mind-{number:05d}" for number in range(10_000)]
    async with running_ledger(tmp_path) as ledger:
        left = iter(names)

        async def make() -> None:
            for name in left:
                await ledger.append(name, created(), said("hello"))

        await asyncio.gather(*(make() for _ in range(64)))
        found: list[str] = []
        token = ""
        while True:
            page = await ledger.client.list_minds(pb.ListMindsRequest(page_size=1_000, page_token=token))
            found += [summary.mind_id for summary in page.minds]
            if not (token := page.next_page_token):
                break
        assert found == names
        assert (await ledger.verdict(names[-1])).verified.seq == 2
        assert (await ledger.read(names[5_000]))[1].body.user_message.text == "hello"


async def fill(ledger: LedgerCalls, events: int) -> None:
    await ledger.append("ada", created())
    batch = [said("x" * 100) for _ in range(1_000)]
    left = iter(range(events // 1_000))

    async def append() -> None:
        for _ in left:
            await ledger.client.append(pb.AppendRequest(mind_id="ada", events=batch), timeout=60)

    await asyncio.gather(*(append() for _ in range(4)))


@pytest.mark.faults
async def test_a_million_events_in_one_mind(tmp_path: Path) -> None:
    with ServiceProcess("ledger", tmp_path / "data") as process:
        async with calls(process.target) as ledger:
            await fill(ledger, 1_000_000)
            server, own, expected = psutil.Process(process.pid), 0, 1
            async for page in ledger.client.read(pb.ReadRequest(mind_id="ada", raw=True, page_size=1_000)):
                assert page.events[0].seq == expected
                expected += len(page.events)
                info = server.memory_info()
                own = max(own, info.rss - info.shared)
            assert expected == 1_000_002
            assert own < 300_000_000
            assert (await ledger.verdict("ada")).verified.seq == 1_000_001
            proof = pb.GetInclusionProofRequest(mind_id="ada", seq=777_777)
            assert len((await ledger.client.get_inclusion_proof(proof)).path) <= 20


@pytest.mark.parametrize("damaged", [None, 3, 50, 51, 99])
async def test_many_processes_find_what_one_finds(tmp_path: Path, damaged: int | None) -> None:
    async with running_ledger(tmp_path) as ledger:
        await ledger.create("ada", *(said(str(number)) for number in range(99)))
        await ledger.client.redact(pb.RedactRequest(mind_id="ada", seqs=[10, 90]))
        head = await ledger.head("ada")
    if damaged is not None:
        change_stored(tmp_path, "events", damaged - 1, lambda old: old[:-1] + bytes([old[-1] ^ 1]))
    steps = [step async for step in Workers(tmp_path, {}, chunk_events=7).verify("ada", 1, head.seq)]
    if damaged is None:
        assert isinstance(steps[-1], Verified)
        assert (steps[-1].seq, steps[-1].hash, steps[-1].redacted) == (101, head.hash, 2)
        assert len(steps) == 15
    else:
        assert isinstance(steps[-1], Broken)
        assert steps[-1].seq == damaged
    async with running_ledger(tmp_path) as ledger:
        verdict = await ledger.verdict("ada")
        assert verdict.broken.seq == (damaged or 0)


def test_the_page_of_promises_names_tests_that_there_are() -> None:
    page = (ROOT / "docs" / "ledger-promises.md").read_text("utf-8")
    named = set(re.findall(r"`((?:test_|Test)\w+)`", page))
    sources = "\n".join(path.read_text("utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    there = set(re.findall(r"def (test_\w+)|^(Test\w+) =", sources, re.MULTILINE))
    assert named
    assert named <= {name for pair in there for name in pair}
    rows = [line for line in page.splitlines() if line.startswith("| ") and "promise | held by" not in line]
    assert all("`test_" in line or "`Test" in line for line in rows)
