"""Restoring an export, under its name or as a copy: taken whole, verified whole, then written in one transaction."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from typing import IO

import msgspec
from google.protobuf.message import DecodeError

from pmm.mind.v1.events_pb2 import Body
from pmm_client import merkle
from services.ledger import copying, encoding, export
from services.ledger.copying import Origin, OriginTree
from services.ledger.encoding import Record
from services.ledger.errors import DiskFull, MindExists, WitnessedCheckpoint, mind_deleted
from services.ledger.events import StoredEvent
from services.ledger.journal import Journal
from services.ledger.store import Store, is_full
from services.ledger.tables import Batch, MindState
from services.runtime.errors import InvalidArgument, Violation

_IN_MEMORY_BYTES = 8 * 1024 * 1024
_MAX_LINE_BYTES = 2 * 1024 * 1024
"""An event of 1 MiB in base64, and its header. What is longer was not exported, and is not read into memory."""


class Upload:
    """An export as it comes in; beyond a few MiB it waits in an unnamed file."""

    def __init__(self) -> None:
        self._file: IO[bytes] = tempfile.SpooledTemporaryFile(_IN_MEMORY_BYTES)  # noqa: SIM115  closed by __exit__
        self.mind_id = ""
        self.is_forced = False
        self.rolls_back = False
        """It does not hold the checkpoint that was given out. Known once checked."""
        self.erased_by: dict[int, int] = {}
        """Seq of an erased payload → seq of its event_redacted. Known once checked."""
        self.erased_since: list[int] = []
        """Seqs of a copy that were erased in its origin after the export. Known once checked."""
        self._origin: Origin | None = None
        self._origin_note = ""
        self._size = 0

    def __enter__(self) -> Upload:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def name(self, mind_id: str, *, force: bool = False, origin: Origin | None = None) -> None:
        """Say which mind it is to be, and of which other one it is a copy. Only the first time counts."""
        if not self.mind_id:
            self.mind_id, self.is_forced, self._origin = mind_id, force, origin

    def take(self, lines: bytes) -> None:
        """Another part. Raises DiskFull."""
        try:
            self._file.write(lines)
        except OSError as error:
            if is_full(error):
                raise DiskFull(
                    "the disk for temporary files is full: make room; nothing was written"
                ) from None
            raise

    def check(self, journal: Journal) -> None:
        """Look at every hash, and for the checkpoint that was given out.

        Raises BrokenExport, WitnessedCheckpoint, MindDeleted, and InvalidArgument without a mind.
        """
        if not self.mind_id:
            raise InvalidArgument([Violation("mind_id", "must stand in the first message")])
        witnessed = journal.witnessed(self.mind_id)
        erased: list[int] = []
        tree = merkle.GrowingTree()
        is_held = witnessed is None
        origin = _OriginChecks(self._origin, journal) if self._origin else None
        for event in self._events():
            if origin:
                origin.take(event)
            if witnessed is not None and tree.size < witnessed.size:
                tree.append(merkle.leaf_hash(event.hash))
                is_held = is_held or (tree.size == witnessed.size and tree.root().hex() == witnessed.root)
            if event.payload is None:
                erased.append(event.header.seq)
                continue
            body = _body(event.header.seq, event.payload)
            self.erased_by.update(dict.fromkeys(body.event_redacted.seqs, event.header.seq))
        if origin:
            self._origin_note, self._size = origin.tree.note(), origin.tree.size
            self.erased_since = origin.erased_since
        for seq in erased:
            if seq not in self.erased_by:
                raise export.broken(seq, seq, "its payload is gone, and no event_redacted says so")
        self.rolls_back = not is_held
        if witnessed is not None and self.rolls_back and not self.is_forced:
            raise WitnessedCheckpoint(
                f"a checkpoint of mind {self.mind_id!r} at event {witnessed.size} was given out, and the export does "
                "not hold it: use a newer one, or set force if it must be this one",
                witnessed_size=str(witnessed.size),
            )

    def events(self) -> Iterator[StoredEvent]:
        """The events to write, each checked again."""
        if self._origin is None:
            return self._events()
        return copying.copied(self._events(), self.mind_id, self._origin, self._origin_note, self._size)

    def _events(self) -> Iterator[StoredEvent]:
        name = self._origin.mind_id if self._origin else self.mind_id
        self._file.seek(0)
        yield from export.events(iter(lambda: self._file.readline(_MAX_LINE_BYTES), b""), name)


class _OriginChecks:
    """What is to be known of the origin of a copy."""

    def __init__(self, origin: Origin, journal: Journal) -> None:
        self.tree = OriginTree(origin)
        self.erased_since: list[int] = []
        """Seqs whose payload the export holds, and which were erased here since."""
        lines = [line for line in journal.erased() if line.mind_id == origin.mind_id]
        self._mind_id = origin.mind_id
        self._erased = {event for line in lines for event in line.events}
        self._deleted = {line.deleted for line in lines if line.deleted}

    def take(self, event: StoredEvent) -> None:
        """The next event. Raises MindDeleted."""
        if event.header.seq == 1 and event.hash.hex() in self._deleted:
            raise mind_deleted(self._mind_id)
        self.tree.take(event)
        if event.payload is not None and (event.header.seq, event.hash.hex()) in self._erased:
            self.erased_since.append(event.header.seq)


def _body(seq: int, payload: bytes) -> Body:
    try:
        return Body.FromString(payload)
    except DecodeError:
        raise export.broken(seq, seq, "its payload is no body of an event") from None


def write(store: Store, upload: Upload) -> MindState:
    """Make the mind of a checked upload. Runs in the writer's thread. Raises MindExists, MindDeleted."""
    with store.write() as batch:
        known = batch.mind(upload.mind_id)
        if known is not None and known.is_deleted:
            raise mind_deleted(upload.mind_id)
        if known is not None:
            raise MindExists(
                f"there is a mind {upload.mind_id!r} already: make a copy under another name instead",
                mind_id=upload.mind_id,
            )
        state = batch.new_mind(upload.mind_id, os.urandom(encoding.KEY_BYTES))
        for event in upload.events():
            state = _put(store, batch, state, event, upload.erased_by)
        state = msgspec.structs.replace(state, restored_seq=state.head_seq)
        batch.put_mind(upload.mind_id, state)
    return state


def _put(
    store: Store, batch: Batch, state: MindState, event: StoredEvent, erased_by: dict[int, int]
) -> MindState:
    header, position = event.header, batch.next_position()
    # Zeros for what is erased: the slot may hold the key of an append that a crash cut off.
    key, sealed = bytes(encoding.KEY_BYTES), b""
    if event.payload is None or event.salt is None:
        batch.put_redacted(state, header.seq, erased_by[header.seq])
    else:
        key = os.urandom(encoding.KEY_BYTES)
        sealed = encoding.seal(key, header.mind_id, header.seq, event.salt, event.payload)
    store.event_keys.write(position - 1, [key])
    batch.put_event(state, Record(header, event.hash, position, sealed))
    return MindState(
        state.number,
        header.seq,
        event.hash,
        position,
        header.recorded_ns,
        state.created_ns or header.recorded_ns,
        state.payload_bytes + len(event.payload or b""),
        header.kind == "mind_deleted",
    )
