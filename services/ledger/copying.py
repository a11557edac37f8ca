"""A copy of a mind under another name: a chain of its own with the same events at the same seqs.

``mind_imported`` stands where the origin's first event stood, so whatever names a seq (causes, evidence, receipts, a
citation in a text) says the same in the copy. Payloads and salts come along as they are; what was erased has none.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import msgspec
from google.protobuf.timestamp_pb2 import Timestamp

from pmm.mind.v1 import events_pb2 as mind
from pmm_client import checkpoints, merkle
from pmm_client.checkpoints import Checkpoint, CheckpointError
from services.ledger import encoding
from services.ledger.events import StoredEvent
from services.runtime.errors import InvalidArgument, Violation

_SALT_BYTES = 32
_KIND = "mind_imported"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a copy comes from, and whose it is to be."""

    mind_id: str
    checkpoint: str
    """A note of the origin's tree; empty: none was given."""
    owner: str
    copied_ns: int


class OriginTree:
    """Whether the origin's events lead to the checkpoint that it is said to have. Feed it every event, in order."""

    def __init__(self, origin: Origin) -> None:
        """Raises InvalidArgument where the checkpoint is none, or another mind's."""
        self._origin = origin
        self._tree = merkle.GrowingTree()
        self._claimed = _parsed(origin) if origin.checkpoint else None
        self._is_held = self._claimed is None

    def take(self, event: StoredEvent) -> None:
        """The next event."""
        self._tree.append(merkle.leaf_hash(event.hash))
        if self._claimed and self._tree.size == self._claimed.size:
            self._is_held = self._tree.root() == self._claimed.root

    @property
    def size(self) -> int:
        """Events so far."""
        return self._tree.size

    def note(self) -> str:
        """The checkpoint that was given, or an unsigned one of all events. Raises InvalidArgument where it is wrong."""
        if not self._is_held:
            raise _refused("must be a checkpoint of the export: its events do not lead to that root")
        unsigned = Checkpoint(self._origin.mind_id, self.size, self._tree.root())
        return self._origin.checkpoint or checkpoints.sign(unsigned, ())


def copied(
    events: Iterable[StoredEvent], mind_id: str, origin: Origin, note: str, size: int
) -> Iterator[StoredEvent]:
    """The copy's events, from all ``size`` events of the origin and the note of its tree."""
    previous = encoding.GENESIS
    for event in events:
        payload, salt, kind = event.payload, event.salt, event.header.kind
        digest = event.header.payload_digest
        if event.header.seq == 1:
            payload, salt, kind = _birth(event, origin, note, size), os.urandom(_SALT_BYTES), _KIND
            digest = encoding.payload_digest(salt, payload)
        header = msgspec.structs.replace(
            event.header, mind_id=mind_id, kind=kind, payload_digest=digest, prev_hash=previous
        )
        previous = encoding.header_hash(header)
        yield StoredEvent(header, previous, 0, payload, salt)


def _birth(first: StoredEvent, origin: Origin, note: str, size: int) -> bytes:
    before = mind.Body.FromString(first.payload or b"")
    told = before.mind_imported if before.WhichOneof("kind") == _KIND else before.mind_created
    copied_at = Timestamp()
    copied_at.FromNanoseconds(origin.copied_ns)
    imported = mind.MindImported(
        origin_mind_id=origin.mind_id,
        origin_checkpoint=note,
        origin_seq=size,
        name=told.name,
        owner=origin.owner,
        settings=told.settings,
        copied_at=copied_at,
    )
    return mind.Body(mind_imported=imported).SerializeToString(deterministic=True)


def _parsed(origin: Origin) -> Checkpoint:
    try:
        found = checkpoints.parse(origin.checkpoint)
    except CheckpointError as error:
        raise _refused(f"must be a checkpoint: {error}") from None
    if found.origin.rpartition("/")[2] != origin.mind_id:
        raise _refused(f"must be a checkpoint of mind {origin.mind_id!r}, and is one of {found.origin!r}")
    return found


def _refused(why: str) -> InvalidArgument:
    return InvalidArgument([Violation("origin_checkpoint", why)])
