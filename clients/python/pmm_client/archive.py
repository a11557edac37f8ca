"""A whole mind in one file: its events with the proof of them, its memories, and what it is, as of one event.

The file is a zip archive, so that anything can open it:

=================  ====================================================================================
member             what it holds
=================  ====================================================================================
``manifest.json``  format, mind, head (seq and hash), the keys of the checkpoint, and each member's SHA-256
``events.jsonl``   the ledger's export, an event a line, as docs/ledger-format.md defines it
``checkpoint``     the signed head of the mind's Merkle tree (C2SP tlog-checkpoint)
``memories.jsonl``  what memory held, a memory a line, newest first, with the fields of ``pmm.memory.v1.Memory``
``mind.json``      settings, policies, identity, commitments, scores …, with the fields of ``pmm.orchestrator.v1.Mind``
=================  ====================================================================================

All that a mind is can be computed from ``events.jsonl``; the other members are for other systems to read, and for
checking that what was computed elsewhere is the same.
"""

from __future__ import annotations

import asyncio
import errno
import hashlib
import json
import os
import zipfile
import zlib
from collections.abc import AsyncGenerator, AsyncIterable, Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import IO, Any, cast

from pmm_client.errors import BrokenExport, PermissionDenied
from pmm_client.jsonable import Json, to_json
from pmm_client.mind import Mind

FORMAT = "pmm.mind.archive/1"
MANIFEST, EVENTS, CHECKPOINT = "manifest.json", "events.jsonl", "checkpoint"
MEMORIES, STATE = "memories.jsonl", "mind.json"
_MEMBERS = (EVENTS, CHECKPOINT, MEMORIES, STATE)
ANOTHER_COPY = "use another copy of the file, or export the mind once more"
_BEGINNING = b"PK\x03\x04"
"""Of every zip archive that holds anything."""
_DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, KeyError, NotImplementedError, RuntimeError)
"""What zipfile raises of members that were changed: for one that seems encrypted a bare RuntimeError."""
_CHUNK_BYTES = 1024 * 1024
"""The ledger takes four times as much at once."""
_PAGE = 1_000
_POLL_S, _PATIENCE_S = 0.1, 10.0
"""How often the workers are asked how far they are, and how long they may stand still."""
Report = Callable[[str, int, int], None]
"""Called with what is being done, how much is done and how much there is; 0 where nobody knows."""


@dataclass(frozen=True)
class Manifest:
    """What an archive says of itself."""

    mind_id: str
    head_seq: int
    head_hash: str
    """Hex."""
    memories: int
    made_at: str
    """RFC 3339, UTC."""
    unfinished: dict[str, int]
    """Workers that had not followed up every event, and how many they had not: they were behind, or left them."""
    verifier_keys: list[str]
    """Of the checkpoint's signatures, as the ledger gave them."""
    files: dict[str, str]
    """SHA-256 of each other member, hex."""


async def save(mind: Mind, path: Path, *, report: Report | None = None) -> Manifest:
    """Write a mind into a file that is there whole or not at all. Waits for the workers and for memory first.

    Raises OSError where it cannot be written.
    """
    partial = path.with_name(f"{path.name}.part")
    try:
        # As private as a mind is.
        with open(os.open(partial, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600), "w+b") as into:  # noqa: ASYNC230
            manifest = await _write(mind, into, report or _silent)
            into.flush()
            os.fsync(into.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return manifest


async def _write(mind: Mind, into: IO[bytes], report: Report) -> Manifest:
    unfinished = await _settled(mind, report)
    head = await mind.head()
    signed = await mind.checkpoint(size=head.seq)
    report("remembering", 0, 0)
    await mind.wait_for_index(head.seq)
    state = await mind.show(as_of_seq=head.seq, min_seq=head.seq)
    with zipfile.ZipFile(into, "w", zipfile.ZIP_DEFLATED) as archive:
        digests, memories = _Digests(archive), _Counted()
        await digests.write(EVENTS, _events(mind, head.seq, report))
        await digests.write(CHECKPOINT, _of(signed.note.encode()))
        await digests.write(MEMORIES, memories.lines(mind, head.seq, report))
        await digests.write(STATE, _of(_plain(to_json(state), indent=2)))
        manifest = Manifest(
            mind.mind_id,
            head.seq,
            head.hash.hex(),
            memories.count,
            datetime.now(UTC).isoformat(timespec="seconds"),
            unfinished,
            [str(key) for key in signed.keys],
            digests.found,
        )
        archive.writestr(MANIFEST, _plain({"format": FORMAT, **vars(manifest)}, indent=2))
    return manifest


async def _settled(mind: Mind, report: Report) -> dict[str, int]:
    """Wait for what follows from the last events to be derived, too; who is still behind when nobody gets on."""
    still, before = 0.0, dict[str, int]()
    while True:
        try:
            found = await mind.workers()
        except PermissionDenied:
            # Not everybody may see them. They are milliseconds behind, as a rule.
            return {}
        behind = {worker.name: worker.lag for worker in found if worker.lag}
        report("settling", 0, 0)
        still = still + _POLL_S if behind == before else 0.0
        if not behind or still > _PATIENCE_S:
            left = {worker.name: worker.lag + worker.dead_letters for worker in found}
            return {name: events for name, events in left.items() if events}
        before = behind
        await asyncio.sleep(_POLL_S)


async def _events(mind: Mind, head_seq: int, report: Report) -> AsyncGenerator[bytes]:
    """Whole lines up to a seq: the mind may have grown since."""
    done = 0
    async for part in mind.export():
        lines = part.splitlines(keepends=True)[: head_seq - done]
        done += len(lines)
        yield b"".join(lines)
        report("exporting", done, head_seq)
        if done == head_seq:
            return


class _Counted:
    """Memories as they go by."""

    def __init__(self) -> None:
        self.count = 0

    async def lines(self, mind: Mind, seq: int, report: Report) -> AsyncGenerator[bytes]:
        async for memory in mind.memories(as_of_seq=seq, page_size=_PAGE):
            self.count += 1
            yield _plain(to_json(memory))
            if self.count % _PAGE == 0:
                report("remembering", self.count, 0)


class _Digests:
    """Members of an archive as they are written."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self.found: dict[str, str] = {}

    async def write(self, name: str, parts: AsyncIterable[bytes]) -> None:
        digest = hashlib.sha256()
        with self._archive.open(name, "w", force_zip64=True) as into:
            async for part in parts:
                digest.update(part)
                into.write(part)
        self.found[name] = digest.hexdigest()


class Archive:
    """A file that ``save`` wrote, opened: ``with Archive(path) as archive:``."""

    def __init__(self, path: Path) -> None:
        """Raises OSError, and BrokenExport where it is no archive of a mind, or one of a later release."""
        with _read(_no_archive(path)):
            self._zip = zipfile.ZipFile(path)
        try:
            self.manifest = _manifest(self._zip)
        except BaseException:
            self._zip.close()
            raise

    @staticmethod
    def is_one(path: Path) -> bool:
        """Whether a file begins like an archive, rather than like a plain export: it may have been cut."""
        with path.open("rb") as file:
            return begins_archive(file.read(len(_BEGINNING)))

    def check(self) -> None:
        """Read every member. Raises BrokenExport where one is not as it was written."""
        for name, digest in self.manifest.files.items():
            found = hashlib.sha256()
            for part in self._parts(name):
                found.update(part)
            if found.hexdigest() != digest:
                raise _broken(f"{name} was changed")

    async def events(self, report: Report | None = None) -> AsyncGenerator[bytes]:
        """The export, in parts that the ledger takes."""
        done, size = 0, self._zip.getinfo(EVENTS).file_size
        for part in self._parts(EVENTS):
            yield part
            done += len(part)
            if report:
                report("restoring (bytes)", done, size)

    def event_lines(self) -> Iterator[bytes]:
        """The export, line by line."""
        with self._zip.open(EVENTS) as member:
            yield from member

    def memories(self) -> Iterator[Json]:
        """What memory held."""
        with self._zip.open(MEMORIES) as member:
            for line in member:
                yield json.loads(line)

    def state(self) -> Json:
        """What the mind was."""
        return json.loads(self._zip.read(STATE))

    def checkpoint(self) -> str:
        """The signed note."""
        return self._zip.read(CHECKPOINT).decode()

    def __enter__(self) -> Archive:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._zip.close()

    def _parts(self, name: str) -> Iterator[bytes]:
        with _read(f"{name} was changed, or is missing"), self._zip.open(name) as member:
            while part := member.read(_CHUNK_BYTES):
                yield part


@contextmanager
def _read(otherwise: str) -> Generator[None]:
    """Raises BrokenExport, with these words, for whatever zipfile raises of content that was changed."""
    try:
        yield
    except _DAMAGED:
        raise _broken(otherwise) from None
    except OSError as error:
        # Of a place before the beginning of the file, to which its directory may point.
        if error.errno != errno.EINVAL:
            raise
        raise _broken(otherwise) from None


def _manifest(archive: zipfile.ZipFile) -> Manifest:
    no_manifest = f"it has no {MANIFEST} of an archive of a mind"
    with _read(no_manifest):
        content = archive.read(MANIFEST)
    try:
        found = cast(dict[str, Any], json.loads(content))
        if (its_format := found.pop("format")) != FORMAT:
            raise _broken(f"it is of format {its_format!r}, and this release reads {FORMAT!r}")
        manifest = Manifest(**found)
    except (KeyError, ValueError, TypeError):
        raise _broken(no_manifest) from None
    if set(manifest.files) != set(_MEMBERS):
        raise _broken("it lacks members, or has others")
    return manifest


def begins_archive(content: bytes) -> bool:
    """Whether content begins like an archive."""
    return content.startswith(_BEGINNING)


def _no_archive(path: Path) -> str:
    if not path.stat().st_size:
        return "it is empty"
    return (
        "it was cut short, and its end is missing" if Archive.is_one(path) else "it is no archive of a mind"
    )


def _broken(why: str) -> BrokenExport:
    return BrokenExport(f"{why}: {ANOTHER_COPY}", reason="BROKEN_EXPORT")


def _plain(value: Any, indent: int | None = None) -> bytes:
    """JSON with sorted keys, so that equal things are equal bytes."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, indent=indent).encode() + b"\n"


async def _of(data: bytes) -> AsyncGenerator[bytes]:
    yield data


def _silent(step: str, done: int, total: int) -> None:
    del step, done, total
