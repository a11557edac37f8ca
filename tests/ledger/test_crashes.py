"""What survives: killed processes, full disks, disks that fail, other processes, other versions."""

from __future__ import annotations

import asyncio
import errno
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

import pmm_client
from pmm.ledger.v1 import ledger_pb2 as pb
from pmm_client.channel import open_channel
from pmm_client.raw import LedgerClient
from services.ledger.keys import KeySegments
from services.runtime import exits
from tests.support.ledger import LedgerCalls, created, running_ledger, said
from tests.support.process import ServiceProcess

PATIENCE_S = 20


async def append_until_it_dies(
    ledger: LedgerCalls, name: str, acknowledged: dict[str, int], enough: asyncio.Event, wanted: int
) -> None:
    """Keys that came back with their seq, one event after the other; says when there are as many as wanted."""
    with suppress(pmm_client.PmmError):
        for i in range(100_000):
            key = f"{name}-{i}"
            request = pb.AppendRequest(mind_id="ada", events=[said(key)], idempotency_key=key)
            answer = await ledger.client.append(request, timeout=PATIENCE_S)
            acknowledged[key] = answer.events[0].seq
            if len(acknowledged) >= wanted:
                enough.set()


async def kill_under_load(process: ServiceProcess, round_number: int) -> dict[str, int]:
    acknowledged: dict[str, int] = {}
    async with open_channel(process.target) as channel:
        ledger = LedgerCalls(LedgerClient(channel))
        enough, wanted = asyncio.Event(), 100 * (round_number + 1)
        appenders = [
            asyncio.create_task(
                append_until_it_dies(ledger, f"{round_number}-{name}", acknowledged, enough, wanted)
            )
            for name in range(8)
        ]
        async with asyncio.timeout(PATIENCE_S):
            await enough.wait()
        process.kill()
        await asyncio.gather(*appenders)
    return acknowledged


async def test_what_was_acknowledged_survives_kill_9_and_is_there_once(tmp_path: Path) -> None:
    acknowledged: dict[str, int] = {}
    with ServiceProcess("ledger", tmp_path / "data") as process:
        async with open_channel(process.target) as channel:
            await LedgerCalls(LedgerClient(channel)).append("ada", created())
        for round_number in range(2):
            acknowledged |= await kill_under_load(process, round_number)

            process.start()

            async with open_channel(process.target) as channel:
                ledger = LedgerCalls(LedgerClient(channel))
                events = await ledger.read("ada")
                stored = {event.body.user_message.text: event.seq for event in events[1:]}
                assert acknowledged.items() <= stored.items()
                assert len(stored) == len(events) - 1
                assert (await ledger.verdict("ada")).verified.seq == len(events)
                for key in list(acknowledged)[-3:]:
                    again = await ledger.append("ada", said(key), idempotency_key=key)
                    assert (again.events[0].seq, again.events[0].existed) == (acknowledged[key], True)


def test_a_second_process_on_the_folder_is_refused(tmp_path: Path) -> None:
    with ServiceProcess("ledger", tmp_path / "data"):
        second = ServiceProcess("ledger", tmp_path / "data")

        with pytest.raises(RuntimeError, match="in use by process"):
            second.start()
        assert second.wait() == exits.DATA_LOCKED


def test_a_folder_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    with ServiceProcess("ledger", tmp_path / "data") as process:
        pass
    (tmp_path / "data" / "ledger" / "FORMAT").write_text("ledger 99\n")

    with pytest.raises(RuntimeError, match="newer release"):
        process.start()
    assert process.wait() == exits.DATA_FOLDER


def test_the_files_are_their_owners_alone(tmp_path: Path) -> None:
    with ServiceProcess("ledger", tmp_path / "data"):
        pass

    for path in (tmp_path / "data" / "ledger").rglob("*"):
        assert path.is_dir() or path.name == "FORMAT" or not path.stat().st_mode & 0o077, path


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 4 MiB."""
    small = tmp_path / "small"
    small.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(small)]
    mounted = subprocess.run(command, capture_output=True, text=True, check=False)
    if mounted.returncode:
        pytest.skip(f"NOT TESTED: a full disk, for nothing can be mounted here: {mounted.stderr.strip()}")
    try:
        yield small
    finally:
        subprocess.run(["umount", "-l", str(small)], check=True)


async def test_a_full_disk_refuses_cleanly_and_writes_resume_when_there_is_room(small_disk: Path) -> None:
    ballast = small_disk / "ballast"
    async with running_ledger(small_disk / "data") as ledger:
        await ledger.create("ada", said("before"))
        ballast.write_bytes(bytes(1024 * 1024))
        head = 2

        async def fill() -> None:
            nonlocal head
            for _ in range(100):
                head = (await ledger.append("ada", said("x" * 100_000))).head_seq

        for _ in range(2):
            with pytest.raises(pmm_client.DiskFull):
                await fill()
        assert head > 2
        assert (await ledger.head("ada")).seq == head
        assert len(await ledger.read("ada")) == head
        assert (await ledger.verdict("ada")).verified.seq == head

        ballast.unlink()
        assert (await ledger.append("ada", said("after"))).head_seq == head + 1
        assert (await ledger.verdict("ada")).verified.seq == head + 1

    async with running_ledger(small_disk / "data") as ledger:
        assert (await ledger.verdict("ada")).verified.seq == head + 1


async def test_a_restore_that_finds_no_room_leaves_nothing_and_holds_nobody_up(
    tmp_path: Path, small_disk: Path
) -> None:
    async with running_ledger(tmp_path / "other") as other:
        await other.create("ada")
        for _ in range(50):
            await other.append("ada", *(said("x" * 1_000) for _ in range(50)))
        lines = b"".join(await other.export("ada"))

    async with running_ledger(small_disk / "data") as ledger:
        await ledger.create("bob")
        with pytest.raises(pmm_client.DiskFull):
            await ledger.restore("ada", lines, part_bytes=1024 * 1024)

        assert await ledger.minds() == ["bob"]
        assert (await ledger.append("bob", said("on"))).head_seq == 2
        assert (await ledger.verdict("bob")).verified.seq == 2


async def test_a_disk_that_fails_stops_the_ledger_and_nobody_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_keys: KeySegments) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    async with running_ledger(tmp_path) as ledger:
        await ledger.create("ada")
        # The kernel cannot be made to lose a page here: this is the call that would say so.
        monkeypatch.setattr(KeySegments, "sync", fail)

        async with asyncio.timeout(PATIENCE_S):
            outcomes = await asyncio.gather(
                *(ledger.append("ada", said(str(i))) for i in range(20)), return_exceptions=True
            )
            failure = await ledger.service.failed()

        assert isinstance(failure, OSError)
        assert failure.errno == errno.EIO
        assert {getattr(outcome, "reason", outcome) for outcome in outcomes} == {"STORAGE_FAILED"}
        with pytest.raises(pmm_client.Unavailable):
            await ledger.append("ada", said("after"))
        assert await ledger.seqs("ada") == [1]
    monkeypatch.undo()

    async with running_ledger(tmp_path) as ledger:
        assert (await ledger.append("ada", said("again"))).head_seq == 2
        assert (await ledger.verdict("ada")).verified.seq == 2


def fill(disk: Path) -> Path:
    """Leave no room at all; the file to remove for some."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(4_096))
    return ballast


async def test_a_checkpoint_that_cannot_be_remembered_is_not_given_out(small_disk: Path) -> None:
    async with running_ledger(small_disk / "data") as ledger:
        await ledger.create("ada", said("before"))
        await ledger.append("ada", said("after"))
        ballast = fill(small_disk)
        signed = pb.GetCheckpointRequest(mind_id="ada", signed=True)
        for _ in range(2):
            with pytest.raises(pmm_client.DiskFull):
                await ledger.client.get_checkpoint(signed)
        assert (await ledger.client.get_checkpoint(pb.GetCheckpointRequest(mind_id="ada"))).tree_size == 3

        ballast.unlink()
        assert (await ledger.client.get_checkpoint(signed)).tree_size == 3
    journal = small_disk / "data" / "journal" / "witnessed.jsonl"
    assert '"mind_id":"ada","size":3' in journal.read_text()


async def test_an_erasure_that_waits_for_room_holds_no_restore_of_another_mind_up(
    tmp_path: Path, small_disk: Path
) -> None:
    async with running_ledger(tmp_path / "other") as other:
        await other.create("bob", said("hello"))
        lines = b"".join(await other.export("bob"))

    async with running_ledger(small_disk / "data") as ledger:
        await ledger.create("ada", said("a secret"))
        ballast = fill(small_disk)
        erase = pb.RedactRequest(mind_id="ada", seqs=[2])
        with pytest.raises(pmm_client.DiskFull):
            await ledger.client.redact(erase)

        assert (await ledger.restore("bob", lines)).head_seq == 2
        assert (await ledger.verdict("bob")).verified.seq == 2

        ballast.unlink()
        await ledger.client.redact(erase)
        assert (await ledger.get("ada", 2)).redacted


async def test_a_restore_of_what_was_erased_since_needs_no_room_for_its_erasure(
    tmp_path: Path, small_disk: Path
) -> None:
    async with running_ledger(tmp_path / "other") as other:
        await other.create("ada", said("a secret"), said("kept"))
        lines = b"".join(await other.export("ada"))
        await other.client.redact(pb.RedactRequest(mind_id="ada", seqs=[2]))
    remembering(tmp_path / "other", small_disk / "data")

    async with running_ledger(small_disk / "data") as ledger:
        await ledger.create("bob")
        ballast = fill(small_disk)
        restored = await ledger.restore("ada", lines)

        assert (await ledger.get("ada", 2)).redacted
        assert (await ledger.get("ada", 3)).body.user_message.text == "kept"
        order = await ledger.get("ada", 4)
        assert (restored.head_seq, order.kind) == (4, "event_redacted")
        assert list(order.body.event_redacted.seqs) == [2]
        status = await ledger.client.get_redaction(pb.GetRedactionRequest(mind_id="ada", redaction_id="4"))
        assert status.keys_erased
        assert (await ledger.head("ada")).restored_seq == 3
        ballast.unlink()
        assert (await ledger.verdict("ada")).verified.redacted == 1


async def test_a_rollback_that_finds_no_room_for_its_note_leaves_nothing_and_is_finished_when_repeated(
    tmp_path: Path, small_disk: Path
) -> None:
    async with running_ledger(tmp_path / "other") as other:
        await other.create("ada", said("before"))
        lines = b"".join(await other.export("ada"))
        await other.append("ada", said("after"))
        # What is kept for cleo is written anew where ada's is given up.
        await other.create("cleo")
        for name in ("ada", "cleo"):
            await other.client.get_checkpoint(pb.GetCheckpointRequest(mind_id=name, signed=True))
    remembering(tmp_path / "other", small_disk / "data")

    async with running_ledger(small_disk / "data") as ledger:
        await ledger.create("bob")
        ballast = fill(small_disk)
        with pytest.raises(pmm_client.DiskFull):
            await ledger.restore("ada", lines, force=True)
        assert await ledger.minds() == ["bob"]

        ballast.unlink()
        with pytest.raises(pmm_client.FailedPrecondition):
            await ledger.restore("ada", lines)
        assert (await ledger.restore("ada", lines, force=True)).head_seq == 2
        assert await ledger.minds() == ["ada", "bob"]


def remembering(ledger: Path, anew: Path) -> None:
    """Make a folder without minds, with the journal of a ledger that had them."""
    anew.mkdir()
    shutil.copytree(ledger / "journal", anew / "journal")
