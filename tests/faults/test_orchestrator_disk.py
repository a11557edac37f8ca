"""The orchestrator's disk is full: it waits for room, and goes on where it was."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

import pmm_client
from pmm.orchestrator.v1 import orchestrator_pb2 as pb
from tests.support.files import files_with
from tests.support.stack import Stack

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


async def forget(client: pmm_client.Client, seq: int, seconds: float) -> bool:
    """Whether it was done in time."""
    steps = client.orchestrator.forget(pb.ForgetRequest(mind_id="ada", seq=seq), timeout=seconds)
    with contextlib.suppress(pmm_client.DeadlineExceeded):
        async for step in steps:
            if step.done:
                return True
    return False


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
            filler = disk / "filler"
            with contextlib.suppress(OSError):
                filler.write_bytes(bytes(shutil.disk_usage(disk).free))

            assert not await forget(client, told.user_seq, 5)
            assert (await client.mind("ada").show()).seq > told.user_seq
            filler.unlink()

            assert await forget(client, told.user_seq, 60)
            assert (await said(client, "is it dry?")).text
        stack.stop()
        assert files_with(stack.data, FACT) == []
        stack.start()
