"""A backup is the whole ledger as of one position, and comes back verified, all or nothing, without what was erased."""

from __future__ import annotations

import asyncio
import io
import tarfile
from pathlib import Path

import pytest

import pmm_client
from pmm.ledger.v1 import ledger_pb2 as pb
from pmm_client.proofs import signed_checkpoint
from services.ledger import restoring
from services.ledger.masterkey import NO_MASTER_KEY
from services.ledger.restoring import BackupError, Restored
from services.runtime.datadir import locked_folder
from tests.ledger.test_erasure import MARKER, keys_of
from tests.support.files import files_with
from tests.support.ledger import RunningLedger, running_ledger, said


async def backed_up(ledger: RunningLedger) -> bytes:
    return b"".join([part.data async for part in ledger.client.backup(pb.BackupRequest())])


def restored(archive: bytes, folder: Path, *, force: bool = False) -> Restored:
    """As ``pmm ledger restore-backup`` does it."""
    with locked_folder(folder):
        return restoring.restore(
            io.BytesIO(archive), folder, NO_MASTER_KEY, force=force, report=lambda *_: None
        )


async def test_a_backup_comes_back_as_it_was_under_another_store_id(tmp_path: Path) -> None:
    async with running_ledger(tmp_path / "one") as ledger:
        await ledger.create("ada", *(said(f"{number}") for number in range(50)))
        await ledger.create("bob")
        await ledger.append("ada", said("kept"), idempotency_key="k")
        archive = await backed_up(ledger)
        events, store_id = await ledger.read("ada"), (await ledger.head("ada")).store_id
        signed = await signed_checkpoint(ledger.client, "ada")

    done = restored(archive, tmp_path / "two")
    assert (done.minds, done.events, done.replaced) == (2, 53, None)

    async with running_ledger(tmp_path / "two") as ledger:
        assert await ledger.read("ada") == events
        assert (await ledger.head("ada")).store_id not in ("", store_id)
        assert (await ledger.append("ada", said("kept"), idempotency_key="k")).events[0].existed
        assert (await ledger.append("ada", said("on"))).head_seq == 53
        # The same log goes on, under the same key.
        assert (await signed_checkpoint(ledger.client, "ada", signed.keys)).checkpoint.size == 53


async def test_a_backup_while_writing_is_of_one_position(tmp_path: Path) -> None:
    stop = asyncio.Event()
    async with running_ledger(tmp_path / "one", map_initial_mib=1) as ledger:
        await ledger.create("ada")

        async def write() -> None:
            while not stop.is_set():
                await ledger.append("ada", *(said("x" * 1_000) for _ in range(20)))

        writing = asyncio.create_task(write())
        archives = [await backed_up(ledger) for _ in range(5)]
        stop.set()
        await writing
        head = (await ledger.head("ada")).seq

    heads = [restored(archive, tmp_path / f"two-{n}").events for n, archive in enumerate(archives)]
    assert heads == sorted(heads)
    assert 0 < heads[0] < heads[-1] <= head


async def test_only_one_backup_at_a_time(tmp_path: Path) -> None:
    async with running_ledger(tmp_path) as ledger:
        await ledger.create("ada")
        # More than is buffered on the way: the backup still runs when its first part is read.
        for _ in range(10):
            await ledger.append("ada", *(said("x" * 100_000) for _ in range(30)))
        first = ledger.client.backup(pb.BackupRequest())
        async for _ in first:
            with pytest.raises(pmm_client.FailedPrecondition) as caught:
                await backed_up(ledger)
            assert caught.value.reason == "BACKUP_RUNNING"
            break
        await first.aclose()
        async with asyncio.timeout(10):
            while (ledger.folder / "backup.partial").exists():
                await ledger.head("ada")
        assert restored(await backed_up(ledger), tmp_path / "two").events == 301


async def test_erased_payloads_are_not_in_a_backup_and_old_backups_lose_them_when_restored(
    tmp_path: Path,
) -> None:
    async with running_ledger(tmp_path / "one") as ledger:
        await ledger.create("ada", said(MARKER), said("stays"))
        await ledger.create("bob", said(MARKER))
        old = await backed_up(ledger)
        keys = keys_of(ledger, [*await ledger.read("ada"), *await ledger.read("bob")])
        await ledger.client.redact(pb.RedactRequest(mind_id="ada", seqs=[2]))
        await ledger.client.delete_mind(pb.DeleteMindRequest(mind_id="bob", confirm_mind_id="bob"))
        new = await backed_up(ledger)
    assert keys[1] in old
    assert not any(key in new for key in (keys[1], keys[3], keys[4]))

    done = restored(old, tmp_path / "one")
    assert done.erased_again == 3
    assert files_with(tmp_path / "one", keys[1], keys[3], keys[4]) == []
    async with running_ledger(tmp_path / "one") as ledger:
        assert [event.redacted for event in await ledger.read("ada")] == [False, True, False, False]
        assert [event.kind for event in await ledger.read("bob")] == ["mind_deleted"]
        assert (await ledger.verdict("ada")).verified.redacted == 1


async def test_a_backup_behind_a_given_out_checkpoint_is_refused_unless_forced(tmp_path: Path) -> None:
    async with running_ledger(tmp_path / "one") as ledger:
        await ledger.create("ada", said("a"))
        archive = await backed_up(ledger)
        await ledger.append("ada", said("b"))
        await signed_checkpoint(ledger.client, "ada")

    with pytest.raises(BackupError, match=r"given out, of ada \(at event 3\)"):
        restored(archive, tmp_path / "one")
    async with running_ledger(tmp_path / "one") as ledger:
        assert (await ledger.head("ada")).seq == 3

    done = restored(archive, tmp_path / "one", force=True)
    assert done.rolled_back == ["ada (at event 3)"]
    assert done.replaced is not None
    async with running_ledger(tmp_path / "one") as ledger:
        assert (await ledger.head("ada")).seq == 2
    # The history that was given up has no say any more.
    assert restored(archive, tmp_path / "one").rolled_back == []


async def test_an_export_behind_a_given_out_checkpoint_is_refused_unless_forced(tmp_path: Path) -> None:
    async with running_ledger(tmp_path / "one") as ledger:
        await ledger.create("ada", said("a"), said(MARKER))
        lines = await ledger.export("ada")
        await ledger.client.redact(pb.RedactRequest(mind_id="ada", seqs=[3]))
        await signed_checkpoint(ledger.client, "ada")
        newest = await ledger.export("ada")
    # The data file is lost; the journal beside it is not.
    for name in ("data.mdb", "lock.mdb"):
        (tmp_path / "one" / name).unlink()
    async with running_ledger(tmp_path / "one") as ledger:
        with pytest.raises(pmm_client.FailedPrecondition) as caught:
            await ledger.restore("ada", b"".join(lines))
        assert (caught.value.reason, caught.value.metadata["witnessed_size"]) == ("WITNESSED_CHECKPOINT", "4")
        assert await ledger.minds() == []

        async def forced():
            yield pb.RestoreRequest(mind_id="ada", force=True)
            yield pb.RestoreRequest(lines=b"".join(lines))

        await ledger.client.restore(forced())
        assert [event.redacted for event in await ledger.read("ada")] == [False, False, True, False]
    for name in ("data.mdb", "lock.mdb"):
        (tmp_path / "one" / name).unlink()
    async with running_ledger(tmp_path / "one") as ledger:
        assert (await ledger.restore("ada", b"".join(newest))).head_seq == 4


async def archive_of(tmp_path: Path) -> bytes:
    async with running_ledger(tmp_path / "source") as ledger:
        await ledger.create("ada", *(said(f"{number}") for number in range(20)))
        return await backed_up(ledger)


async def test_what_is_no_whole_backup_is_refused_and_changes_nothing(tmp_path: Path) -> None:
    archive = await archive_of(tmp_path)
    async with running_ledger(tmp_path / "one") as ledger:
        await ledger.create("eve")
    wrong = [
        b"",
        b"no archive at all" * 100,
        *(archive[: len(archive) * part // 8] for part in range(1, 8)),
        *(flipped(archive, at) for at in range(600, len(archive) - 2_048, len(archive) // 12)),
        with_a_file_more(archive),
    ]
    for content in wrong:
        with pytest.raises(BackupError):
            restored(content, tmp_path / "one")
    assert not (tmp_path / "one.restoring").exists()
    async with running_ledger(tmp_path / "one") as ledger:
        assert await ledger.minds() == ["eve"]


def flipped(archive: bytes, at: int) -> bytes:
    # Padding between files is nobody's: begin at something.
    while archive[at] == 0:
        at += 1
    return archive[:at] + bytes([archive[at] ^ 1]) + archive[at + 1 :]


def with_a_file_more(archive: bytes) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=io.BytesIO(archive)) as old, tarfile.open(fileobj=out, mode="w") as new:
        for member in old:
            new.addfile(member, old.extractfile(member))
        new.addfile(tarfile.TarInfo("../evil"), io.BytesIO(b""))
    return out.getvalue()


async def test_a_restore_that_is_cut_off_leaves_what_was_there(tmp_path: Path) -> None:
    archive = await archive_of(tmp_path)
    async with running_ledger(tmp_path / "one") as ledger:
        await ledger.create("eve")
    beside = tmp_path / "one.restoring"
    beside.mkdir()
    (beside / "UNFINISHED").touch()
    (beside / "data.mdb").write_bytes(b"half")
    assert restored(archive, tmp_path / "one").minds == 1
    assert not beside.exists()
    # One that was cut off after the folders had changed places: what is there now was the ledger.
    (beside / "keys").mkdir(parents=True)
    assert restored(archive, tmp_path / "one").minds == 1
    assert len([path for path in tmp_path.glob("one.replaced-*") if (path / "data.mdb").exists()]) == 2
    assert len(list(tmp_path.glob("one.replaced-*"))) == 3
