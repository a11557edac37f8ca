"""A memory as it is stored: one row a version, addressed by its ordinal within the mind."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from pmm.mind.v1.events_pb2 import MEMORY_TYPE_EPISODE, MemoryType

EPISODE: int = MEMORY_TYPE_EPISODE
FACT_TYPES: tuple[int, ...] = tuple(sorted({*MemoryType.values()} - {0, EPISODE}))
"""Everything but what was said."""


PAGE_BYTES = 3 * 1024 * 1024
"""Of the texts and seqs in one answer: with one more text, of 1 MiB at most, it stays below what clients take by
default."""
_BITS = 7
"""Of a number in a byte of protobuf."""


class Row(msgspec.Struct, array_like=True, omit_defaults=True):
    """One version of a memory. Times are nanoseconds since 1970 UTC, 0 where there is none."""

    memory_id: str
    type: int
    """A ``pmm.mind.v1.MemoryType``."""
    text: str
    formed_seq: int
    """The event that formed the memory."""
    version_seq: int
    """The event of this version."""
    speaker: str = ""
    occurred_ns: int = 0
    recorded_ns: int = 0
    session_id: str = ""
    source_seqs: list[int] = []
    """The events that it came from; the first one formed it. None in a later version as it is read: ``Origins.whole``
    has them."""
    importance: float = 0.0
    tags: list[str] = []
    entities: list[str] = []
    valid_from_ns: int = 0
    valid_to_ns: int = 0
    expires_ns: int = 0
    version: int = 1
    source_kind: str = ""
    external_id: str = ""
    ended_seq: int = 0
    """The event that ended this version: a revision, a retraction; 0 while it holds."""
    retracted: bool = False
    rating: float = 0.0
    """Mean of the judgements, from -1 to 1."""
    ratings: int = 0
    """How many judgements."""
    also_seqs: list[int] = []
    """Likewise later events that said the same again, or that it ceased to hold: the memory does not come from them."""
    text_seq: int = 0
    """The revision that gave it its words; 0: they are those that formed it."""

    @property
    def length(self) -> int:
        """Bytes that its text takes in an answer, and its seqs at most."""
        seq_bytes = -(-self.version_seq.bit_length() // _BITS)
        return len(self.text.encode()) + seq_bytes * (len(self.source_seqs) + len(self.also_seqs))

    @property
    def is_turn(self) -> bool:
        """Whether this is something that was said, which has turns before and after it."""
        return self.type == EPISODE and self.source_kind != "memory_recorded"

    def holds_at(self, seq: int) -> bool:
        """Whether this is the version that a reader as of ``seq`` sees."""
        return self.version_seq <= seq and (self.ended_seq == 0 or self.ended_seq > seq)


class Origin(msgspec.Struct, array_like=True, omit_defaults=True):
    """The events that a version of a memory comes from and the one before it does not."""

    source_seqs: list[int] = []
    also_seqs: list[int] = []


class Origins:
    """The events that the versions of a memory come from."""

    def __init__(self, added: Iterable[Origin]) -> None:
        """``added`` by each version, oldest first."""
        self._source_seqs: list[int] = []
        self._also_seqs: list[int] = []
        self._counts: list[tuple[int, int]] = []
        for origin in added:
            self._source_seqs += origin.source_seqs
            self._also_seqs += origin.also_seqs
            self._counts.append((len(self._source_seqs), len(self._also_seqs)))

    def whole(self, row: Row) -> Row:
        """One of the versions, with all events that it comes from."""
        sources, also = self._counts[row.version - 1]
        return msgspec.structs.replace(
            row, source_seqs=self._source_seqs[:sources], also_seqs=self._also_seqs[:also]
        )


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Row)


def encode(row: Row) -> bytes:
    """The stored form; of a later version without the events that it comes from."""
    if row.version > 1:
        row = msgspec.structs.replace(row, source_seqs=[], also_seqs=[])
    return _encoder.encode(row)


def decode(data: bytes | memoryview) -> Row:
    """From the stored form. Raises msgspec.DecodeError when it is damaged."""
    return _decoder.decode(data)
