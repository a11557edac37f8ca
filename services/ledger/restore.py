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
from services.ledger import copying, encoding, erasure, export
from services.ledger.batch import Batch
from services.ledger.copying import Origin, OriginTree
from services.ledger.encoding import Record
from services.ledger.errors import DiskFull, MindExists, WitnessedCheckpoint, mind_deleted
from services.ledger.events import StoredEvent
from services.ledger.journal import Journal
from services.ledger.store import Store
from services.ledger.tables import MindState
from services.runtime.durable import is_full
from services.runtime.errors import InvalidArgument, Violation

_WHY = "erased before the export was restored"
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
            self._file.flush()
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
        origin = OriginTree(self._origin) if self._origin else None
        deleted = {line.deleted for line in journal.erased() if line.deleted}
        for event in self._events():
            if event.header.seq == 1 and event.hash.hex() in deleted:
                raise mind_deleted(event.header.mind_id)
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
            self._origin_note, self._size = origin.note(), origin.size
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

    def events(self, journal: Journal) -> Iterator[StoredEvent]:
        """The events to write, each checked again; without payload what was erased, be it after the export."""
        lines = [line for line in journal.erased() if line.mind_id == self._exported_id]
        erased = {event for line in lines for event in line.events}
        events = (
            msgspec.structs.replace(event, payload=None, salt=None)
            if (event.header.seq, event.hash.hex()) in erased
            else event
            for event in self._events()
        )
        if self._origin is None:
            return events
        return copying.copied(events, self.mind_id, self._origin, self._origin_note, self._size)

    @property
    def _exported_id(self) -> str:
        return self._origin.mind_id if self._origin else self.mind_id

    def _events(self) -> Iterator[StoredEvent]:
        self._file.seek(0)
        lines = iter(lambda: self._file.readline(_MAX_LINE_BYTES), b"")
        yield from export.events(lines, self._exported_id)


def _body(seq: int, payload: bytes) -> Body:
    try:
        return Body.FromString(payload)
    except DecodeError:
        raise export.broken(seq, seq, "its payload is no body of an event") from None


def write(store: Store, journal: Journal, upload: Upload) -> None:
    """Make the mind of a checked upload, whole or not at all. Runs in the writer's thread.

    Raises MindExists, MindDeleted, StorageFull.
    """
    mind_id = upload.mind_id
    with store.write() as batch:
        _check_name(batch, mind_id)
        state = batch.new_mind(mind_id, os.urandom(encoding.KEY_BYTES))
        erased_since: list[int] = []
        for event in upload.events(journal):
            seq = event.header.seq
            state = _put(store, batch, state, event)
            if event.payload is None and seq in upload.erased_by:
                batch.put_redacted(state, seq, upload.erased_by[seq])
            elif event.payload is None:
                erased_since.append(seq)
        state = msgspec.structs.replace(state, restored_seq=state.head_seq)
        # Nothing is left to do for them: they never got a key.
        state = erasure.put_orders(store, batch, mind_id, state, erased_since, why=_WHY, is_done=True)
        batch.put_mind(mind_id, state)
        if upload.rolls_back:
            # Not after the commit: where this found no room, the mind would be there, and refuse to be restored again.
            store.settle(batch)
            journal.forget_witnessed(mind_id)


def _check_name(batch: Batch, mind_id: str) -> None:
    known = batch.mind(mind_id)
    if known is not None and known.is_deleted:
        raise mind_deleted(mind_id)
    if known is not None:
        raise MindExists(
            f"there is a mind {mind_id!r} already: make a copy under another name instead", mind_id=mind_id
        )


def _put(store: Store, batch: Batch, state: MindState, event: StoredEvent) -> MindState:
    header, position = event.header, batch.next_position()
    # Zeros for what is erased: the slot may hold the key of an append that a crash cut off.
    key, sealed = bytes(encoding.KEY_BYTES), b""
    if event.payload is not None and event.salt is not None:
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
