"""The orchestrator's disk is full: it waits for room, and goes on where it was."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest

import pmm_client
from pmm.orchestrator.v1 import orchestrator_pb2 as pb
from tests.support.files import files_with
from tests.support.stack import Stack

T = TypeVar("T")
FACT = "the quinquereme of Nineveh leaks"


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """The orchestrator's folder, on a disk of its own."""
    folder = tmp_path / "data" / "orchestrator"
    folder.mkdir(parents=True)
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", folder], check=False, capture_output=True
    )
    if mounted.returncode:
        pytest.skip("NOT TESTED: a full disk, for nothing can be mounted here")
    yield folder
    subprocess.run(["umount", "-l", folder], check=False)


async def said(client: pmm_client.Client, text: str, session: str = "") -> pmm_client.Reply:
    """A message, and its answer to the end."""
    reply = client.mind("ada").chat(text, session=session)
    async for _ in reply:
        pass
    return reply


async def forget(client: pmm_client.Client, seq: int) -> None:
    """Erase an event and what carries its words."""
    async for _ in client.orchestrator.forget(pb.ForgetRequest(mind_id="ada", seq=seq), timeout=60):
        pass


async def when_there_is_room(call: Callable[[], Awaitable[T]]) -> T:
    """What a call answers that is repeated as long as the disk is said to be full."""
    while True:
        try:
            return await call()
        except pmm_client.DiskFull:
            await asyncio.sleep(0.2)


def fill(disk: Path) -> Path:
    """Leave no room; the file to remove for some."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(4_096))
    return filler


async def test_what_is_forgotten_on_a_full_disk_is_gone_once_there_is_room(
    disk: Path, tmp_path: Path
) -> None:
    settings = ("--set", "orchestrator.snapshot_events=8")
    with Stack(tmp_path / "data", arguments=settings) as stack:
        async with pmm_client.connect(stack.target) as client:
            await client.mind("ada").create()
            told = await said(client, FACT)
            for number in range(20):
                await said(client, f"note {number} about cargo", told.session_id)
            filler = fill(disk)

            with pytest.raises(pmm_client.DiskFull):
                await forget(client, told.user_seq)
            assert (await client.mind("ada").show()).seq > told.user_seq
            filler.unlink()

            await when_there_is_room(lambda: forget(client, told.user_seq))
            assert (await said(client, "is it dry?")).text
        stack.stop()
        assert files_with(stack.data, FACT) == []
        stack.start()


async def test_who_asks_for_what_a_full_disk_holds_up_is_told_so(disk: Path, tmp_path: Path) -> None:
    with Stack(tmp_path / "data") as stack:
        async with pmm_client.connect(stack.target) as client:
            await client.mind("ada").create()
            await said(client, FACT)
            before = await analytics(client)
            filler = fill(disk)
            # What is free within the file is used up first.
            with pytest.raises(pmm_client.DiskFull):
                await say_and_count(client, 200)
            filler.unlink()

            after = await when_there_is_room(lambda: analytics(client))
            assert sum(after.statistics.hours) > sum(before.statistics.hours)


async def say_and_count(client: pmm_client.Client, times: int) -> None:
    """Messages, and after each of them what it makes of the counts."""
    for number in range(times):
        await said(client, f"note {number} about cargo")
        await analytics(client)


async def analytics(client: pmm_client.Client) -> pb.GetAnalyticsResponse:
    """Of the whole mind."""
    return await client.orchestrator.get_analytics(pb.GetAnalyticsRequest(mind_id="ada"), timeout=60)
