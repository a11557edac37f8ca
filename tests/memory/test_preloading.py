"""Memory's files are in the page cache before anybody searches, where they are not too long."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from pmm.ledger.v1 import ledger_pb2 as ledger
from pmm.memory.v1 import memory_pb2 as pb
from services.runtime.projection_file import ProjectionFile
from tests.support.drafts import created
from tests.support.page_cache import evict, resident
from tests.support.serving import serving

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="NOT TESTED: mincore is Linux's")

TABLE = "vectors"
SIZE = 64 * 2**20
FEW = 0.5
"""Opening a file reads some of it, and the kernel up to 8 MiB around that."""
SOON_SECONDS = 20.0


def opened(folder: Path, preload_bytes: int = 0) -> ProjectionFile:
    return ProjectionFile(folder, (TABLE,), preload_bytes=preload_bytes, map_size=2**30, max_dbs=32)


def fill(file: ProjectionFile) -> None:
    with file.write() as txn:
        for number in range(SIZE // 2**16):
            txn.put(b"\xff" * 12 + number.to_bytes(4, "big"), bytes(2**16), db=file.table(TABLE))


def filled(folder: Path) -> Path:
    """A file of which nothing is in the page cache; what is in it is of no mind."""
    file = opened(folder)
    fill(file)
    file.close()
    evict(folder / "data.mdb")
    if resident(folder / "data.mdb") > FEW:
        pytest.skip("NOT TESTED: this file system keeps its files in memory")
    return folder / "data.mdb"


async def began(folder: Path) -> None:
    """A memory that has followed its ledger: one that begins drops what it finds."""
    async with serving(folder, "ledger", "memory") as served:
        await served.ledger.append(ledger.AppendRequest(mind_id="ada", events=[created()]))
        known = pb.ListMemoriesRequest(mind_id="ada", page_size=1, min_seq=1)
        await served.memory.list_memories(known, timeout=SOON_SECONDS)


@pytest.mark.parametrize(("limit", "is_read"), [(SIZE // 2, False), (2 * SIZE, True)])
def test_a_file_is_read_whole_or_not_at_all(tmp_path: Path, limit: int, is_read: bool) -> None:
    path = filled(tmp_path)
    file = opened(tmp_path, limit)
    file.preload()
    share = resident(path)
    file.close()

    assert share == 1 if is_read else share < FEW


def test_a_file_that_was_written_anew_is_read_again(tmp_path: Path) -> None:
    file = opened(tmp_path, 2 * SIZE)
    fill(file)
    file.compact()
    share = resident(tmp_path / "data.mdb")
    file.close()

    assert share == 1


def test_a_file_that_cannot_be_read_ends_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = opened(tmp_path, SIZE)
    (tmp_path / "data.mdb").unlink()
    file.preload()
    file.close()

    assert [record.levelname for record in caplog.records] == ["WARNING"]


@pytest.mark.parametrize("name", ["store", "embeddings"])
async def test_a_start_reads_what_searches_look_into(tmp_path: Path, name: str) -> None:
    await began(tmp_path)
    path = filled(tmp_path / "memory" / name)
    async with serving(tmp_path, "ledger", "memory"), asyncio.timeout(SOON_SECONDS):
        while resident(path) < 1:
            await asyncio.sleep(0.05)


async def test_a_start_reads_nothing_that_it_is_not_to_read(tmp_path: Path) -> None:
    await began(tmp_path)
    path = filled(tmp_path / "memory" / "store")
    async with serving(tmp_path, "ledger", "memory", settings={"memory": {"preload_mib": 0}}):
        await asyncio.sleep(1)
        share = resident(path)

    assert share < FEW
