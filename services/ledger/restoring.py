"""Making a data folder of a backup: unpacked beside, brought up to date, verified, and only then put in its place."""

from __future__ import annotations

import ctypes
import hashlib
import os
import re
import shutil
import tarfile
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import IO

import msgspec

from services.ledger import erasure
from services.ledger.backup import CHUNK_BYTES, DATA, FORMAT, MANIFEST, Manifest
from services.ledger.erasure import Completion, Wanted
from services.ledger.journal import Journal, Witnessed
from services.ledger.masterkey import MasterKeys
from services.ledger.proofs import root_of
from services.ledger.signing import SigningKeys
from services.ledger.store import Store
from services.ledger.verify import Broken, Progress, Verification
from services.runtime.datadir import service_folder
from services.runtime.durable import sync

_WHY = "erased before the backup was restored"
_MEMBER = re.compile(r"(data\.mdb|FORMAT|backup\.json|(keys|signing|journal)/[A-Za-z0-9._-]+)")
_UNFINISHED = "UNFINISHED"
_AT_FDCWD, _RENAME_EXCHANGE = -100, 2
_MAP_BYTES = 64 * 1024 * 1024
Report = Callable[[str, int, int], None]
"""Called with what is being done, how much is done and how much there is."""


class BackupError(Exception):
    """Why a backup cannot be restored, and what to do. Nothing was changed."""


@dataclass(slots=True)
class Restored:
    """What a backup came to."""

    store_id: str
    position: int
    minds: int = 0
    events: int = 0
    erased_again: int = 0
    """Payloads that the backup still held, and the journal did not."""
    replaced: Path | None = None
    """Where the folder is that was there before."""
    rolled_back: list[str] = field(default_factory=lambda: [])
    """Minds that end before a checkpoint that was given out; only when forced."""


def restore(
    archive: IO[bytes], folder: Path, masters: MasterKeys, *, force: bool, report: Report
) -> Restored:
    """Put the backup in the place of a ledger's folder, which the caller has locked. Raises BackupError."""
    beside = folder.with_name(f"{folder.name}.restoring")
    _clear(beside)
    try:
        _unpack(archive, beside, report)
        with service_folder(beside, *FORMAT):
            restored = _bring_up_to_date(beside, folder, masters, force=force, report=report)
    except BaseException:
        shutil.rmtree(beside, ignore_errors=True)
        raise
    is_empty = {path.name for path in folder.iterdir()} <= {"LOCK"}
    (beside / _UNFINISHED).unlink()
    _swap(beside, folder)
    restored.replaced = None if is_empty else _set_aside(beside)
    shutil.rmtree(beside, ignore_errors=True)
    return restored


def _clear(beside: Path) -> None:
    """What an interrupted restore left: its own work goes; a folder that had changed places by then is kept."""
    if (beside / _UNFINISHED).exists():
        shutil.rmtree(beside)
    elif beside.exists():
        _set_aside(beside)


def _set_aside(replaced: Path) -> Path:
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%fZ")
    kept = replaced.with_name(f"{replaced.name.removesuffix('.restoring')}.replaced-{stamp}")
    replaced.rename(kept)
    sync(kept.parent)
    return kept


def _unpack(archive: IO[bytes], into: Path, report: Report) -> None:
    into.mkdir(mode=0o700)
    (into / _UNFINISHED).touch()
    digests: dict[str, str] = {}
    done = 0
    try:
        with tarfile.open(fileobj=archive, mode="r|") as tar:
            for member in tar:
                content = tar.extractfile(member) if member.isfile() else None
                if content is None or not _MEMBER.fullmatch(member.name) or member.name in digests:
                    raise BackupError(f"{member.name!r} is nothing that a backup holds")
                digests[member.name] = _write(content, into / member.name)
                done += member.size
                report("unpacking", done, 0)
    except (tarfile.TarError, EOFError) as error:
        raise BackupError(f"this is no whole backup: {error}") from None
    if digests.pop(MANIFEST, None) is None:
        raise BackupError("the archive was cut short: it has no manifest; use another copy")
    manifest = msgspec.json.decode((into / MANIFEST).read_bytes(), type=Manifest)
    (into / MANIFEST).unlink()
    changed = sorted(name for name, digest in manifest.files.items() if digests.get(name) != digest)
    if changed or set(digests) != set(manifest.files):
        names = ", ".join(changed) or "files were added"
        raise BackupError(f"the archive was changed: {names}; use another copy")
    if DATA not in digests:
        raise BackupError("the archive holds no events")


def _write(content: IO[bytes], path: Path) -> str:
    path.parent.mkdir(exist_ok=True, mode=0o700)
    digest = hashlib.sha256()
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        while part := content.read(CHUNK_BYTES):
            digest.update(part)
            file.write(part)
        file.flush()
        os.fsync(file.fileno())
    sync(path.parent)
    return digest.hexdigest()


def _bring_up_to_date(
    beside: Path, folder: Path, masters: MasterKeys, *, force: bool, report: Report
) -> Restored:
    store = Store(beside, _MAP_BYTES, masters)
    try:
        journal = Journal(beside / "journal")
        if (folder / "journal").exists():
            journal.take_over(Journal(folder / "journal"))
        SigningKeys(beside / "signing").take_over(folder / "signing")
        erased_again = reapply(store, journal)
        restored = _verify(store, report)
        restored.erased_again = erased_again
        behind = _behind(store, journal)
        restored.rolled_back = [f"{each.mind_id} (at event {each.size:,})" for each in behind]
        if behind and not force:
            raise BackupError(
                "it would roll back behind checkpoints that were given out, of "
                f"{', '.join(restored.rolled_back)}: use a newer backup, or --force if it must be this one"
            )
        for each in behind:
            journal.forget_witnessed(each.mind_id)
        store.rename()
        restored.store_id = store.store_id
        return restored
    finally:
        store.close()


def reapply(store: Store, journal: Journal) -> int:
    """Erase again what the journal says was erased, and complete what was left of it; how many payloads that were."""
    again = 0
    for line in journal.erased():
        with store.read() as reader:
            state = reader.mind(line.mind_id)
            if state is None or state.is_deleted:
                continue
            first = reader.record_hash(state, 1)
            is_the_deleted = bool(line.deleted) and first is not None and first.hex() == line.deleted
            hashes = {seq: reader.record_hash(state, seq) for seq, _ in line.events}
            seqs = [
                seq
                for seq, its_hash in line.events
                if (found := hashes[seq]) is not None
                and found.hex() == its_hash
                and reader.redacted_by(state, seq) is None
            ]
        if is_the_deleted:
            again += state.head_seq
            deletion = partial(erasure.order_deletion, store, line.mind_id, "", _WHY)
            store.run(deletion)
        elif seqs:
            again += len(seqs)
            store.run(partial(erasure.order, store, Wanted(line.mind_id, seqs, why=_WHY)))
    with store.read() as reader:
        pending = reader.pending_erasures()
    for name, seq in pending:
        completion = Completion(store, journal, name, seq)
        while store.run(completion.step):
            pass
    return again


def _verify(store: Store, report: Report) -> Restored:
    with store.read() as reader:
        minds = [(mind_id, state.head_seq) for mind_id, state in reader.minds_from("")]
        restored = Restored(store.store_id, reader.head_position(), minds=len(minds))
    total, before = sum(head for _, head in minds), 0
    for mind_id, head in minds:
        verification = Verification(store, mind_id, 1, head)
        while isinstance(step := verification.step(), Progress):
            report("verifying", before + step.seq, total)
        if isinstance(step, Broken):
            raise BackupError(
                f"event {step.seq} of mind {mind_id!r} does not verify: {step.kind.value}; use another copy"
            )
        before += head
    report("verifying", total, total)
    restored.events = total
    return restored


def _behind(store: Store, journal: Journal) -> list[Witnessed]:
    """Checkpoints that were given out, and that are not in the history any more."""
    with store.read() as reader:
        behind: list[Witnessed] = []
        for witnessed in journal.all_witnessed():
            state = reader.mind(witnessed.mind_id)
            if state is not None and state.is_deleted:
                continue
            if (
                state is None
                or state.head_seq < witnessed.size
                or root_of(reader, witnessed.mind_id, state, witnessed.size).hex() != witnessed.root
            ):
                behind.append(witnessed)
        return behind


def _swap(one: Path, other: Path) -> None:
    """Exchange two names at once, so that a crash leaves the one or the other (renameat2(2), Linux)."""
    libc = ctypes.CDLL(None, use_errno=True)
    names = os.fsencode(one), os.fsencode(other)
    if libc.renameat2(_AT_FDCWD, names[0], _AT_FDCWD, names[1], _RENAME_EXCHANGE):
        error = ctypes.get_errno()
        raise BackupError(f"{one} and {other} cannot change places: {os.strerror(error)}; move them by hand")
    sync(other.parent)
