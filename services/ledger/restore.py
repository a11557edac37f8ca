"""Restoring an export: taken whole, verified whole, then written in one transaction."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from typing import IO

from services.ledger import encoding, export
from services.ledger.encoding import Record
from services.ledger.errors import MindExists
from services.ledger.events import StoredEvent
from services.ledger.store import Batch, MindState, Store
from services.runtime.errors import InvalidArgument, Violation

_IN_MEMORY_BYTES = 8 * 1024 * 1024


class Upload:
    """An export as it comes in; beyond a few MiB it waits in an unnamed file."""

    def __init__(self) -> None:
        self._file: IO[bytes] = tempfile.SpooledTemporaryFile(_IN_MEMORY_BYTES)  # noqa: SIM115  closed by __exit__
        self.mind_id = ""

    def __enter__(self) -> Upload:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def take(self, mind_id: str, lines: bytes) -> None:
        """Another part. The first one names the mind."""
        self.mind_id = self.mind_id or mind_id
        self._file.write(lines)

    def events(self) -> Iterator[StoredEvent]:
        """The events, each checked. Raises BrokenExport, and InvalidArgument without a mind."""
        if not self.mind_id:
            raise InvalidArgument([Violation("mind_id", "must stand in the first message")])
        self._file.seek(0)
        yield from export.events(self._file, self.mind_id)


def write(store: Store, upload: Upload) -> MindState:
    """Check every hash, then make the mind. Runs in the writer's thread. Raises MindExists, BrokenExport."""
    for _ in upload.events():
        pass
    with store.write() as batch:
        if batch.mind(upload.mind_id) is not None:
            raise MindExists(f"there is a mind {upload.mind_id!r} already; its name is taken")
        state = batch.new_mind(upload.mind_id, os.urandom(encoding.KEY_BYTES))
        for event in upload.events():
            state = _put(store, batch, state, event)
        batch.put_mind(upload.mind_id, state)
    return state


def _put(store: Store, batch: Batch, state: MindState, event: StoredEvent) -> MindState:
    header, position = event.header, batch.next_position()
    sealed = b""
    if event.payload is None or event.salt is None:
        batch.put_redacted(state, header.seq)
    else:
        key = os.urandom(encoding.KEY_BYTES)
        store.event_keys.write(position - 1, [key])
        sealed = encoding.seal(key, header.mind_id, header.seq, event.salt, event.payload)
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
