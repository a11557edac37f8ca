"""A memory as it is stored: one row a version, addressed by its ordinal within the mind."""

from __future__ import annotations

import msgspec

from pmm.mind.v1.events_pb2 import MEMORY_TYPE_EPISODE, MemoryType

EPISODE: int = MEMORY_TYPE_EPISODE
FACT_TYPES: tuple[int, ...] = tuple(sorted({*MemoryType.values()} - {0, EPISODE}))
"""Everything but what was said."""


PAGE_BYTES = 3 * 1024 * 1024
"""Of the texts in one answer: with one more text, of 1 MiB at most, it stays below what clients take by default."""


class Row(msgspec.Struct, array_like=True, omit_defaults=True):
    """One version of a memory. Times are nanoseconds since 1970 UTC, 0 where there is none."""

    memory_id: str
    type: int
    """A ``pmm.mind.v1.MemoryType``."""
    text: str
    version_seq: int
    """The event of this version."""
    speaker: str = ""
    occurred_ns: int = 0
    recorded_ns: int = 0
    session_id: str = ""
    source_seqs: list[int] = []
    """The events that it came from; the first one formed it."""
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
    """Later events that said the same again, or that it ceased to hold: the memory does not come from them."""
    text_seq: int = 0
    """The revision that gave it its words; 0: they are those that formed it."""

    @property
    def length(self) -> int:
        """Bytes of its text."""
        return len(self.text.encode())

    @property
    def is_turn(self) -> bool:
        """Whether this is something that was said, which has turns before and after it."""
        return self.type == EPISODE and self.source_kind != "memory_recorded"

    def holds_at(self, seq: int) -> bool:
        """Whether this is the version that a reader as of ``seq`` sees."""
        return self.version_seq <= seq and (self.ended_seq == 0 or self.ended_seq > seq)


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Row)


def encode(row: Row) -> bytes:
    """The stored form."""
    return _encoder.encode(row)


def decode(data: bytes | memoryview) -> Row:
    """From the stored form. Raises msgspec.DecodeError when it is damaged."""
    return _decoder.decode(data)
