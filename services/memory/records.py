"""What the store keeps and under which keys.

Tables (keys big-endian; ``mind`` is a 4-byte number given to a mind at its first event, ``space`` a 2-byte number
given to an embedder; ``digest`` is HMAC-SHA-256 under the mind's own key, so that a key betrays no text):

    meta      b"format"                   → the number below
              b"place"                    → [store_id, position]
              b"erased"                   → there while what was erased may still be on a free page
              b"space"                    → the number of the space that is searched
              b"numbers"                  → how many numbers were given to minds
    minds     mind_id                     → Mind
    spaces    embedder id                 → Space
    embedded  space, mind                 → rows below this ordinal have their vector in the space
    rows      mind, ordinal(8)            → CRC-32 and Row, one a version of a memory
    vectors   space, mind, ordinal(8)     → CRC-32 and float16 coordinates
    ids       mind, length(4), memory_id, → CRC-32 and Origin: the events that this version of the memory comes from
              ordinal                       and the one before it does not; nothing where there are none, "=" for the
                                            first version, whose row has them
    aliases   mind, memory_id             → the memory into which it was merged; its own row never held
    sources   mind, seq(8), ordinal       → which row is the first of its memory to come from which event; "+" where it
                                            only said the same again, "~" where it only rated the row or took it
                                            back, which is noted of that row alone
    words     mind, digest, ordinal       → which rows say, or said, the same in the same words
    claims    mind, digest, ordinal       → which rows say, or said, something of the same thing; and, under another
                                            digest, which memories began with how it is from then on
    endings   mind, number(8)             → ordinal of the row that was ended as the number-th
    skipped   mind, seq(8)                → why the event could not be indexed
"""

from __future__ import annotations

import hashlib
import hmac
import struct
import zlib
from typing import Any

import msgspec

FORMAT = 14
OLDEST_FORMAT = 1
"""A folder of another format from here on is built anew from the ledger."""

MIND = struct.Struct(">I")
_MEMORY = struct.Struct(">II")
ROW = struct.Struct(">IQ")
SOURCE = struct.Struct(">IQQ")
ORDINAL = struct.Struct(">Q")
SPACE_NUMBER = struct.Struct(">H")
SPACE_MIND = struct.Struct(">HI")
VECTOR = struct.Struct(">HIQ")
_CRC = struct.Struct(">I")
TABLES = (
    "meta",
    "minds",
    "spaces",
    "embedded",
    "rows",
    "vectors",
    "ids",
    "aliases",
    "sources",
    "words",
    "claims",
    "endings",
    "skipped",
)
OF_A_MIND = ("rows", "ids", "aliases", "sources", "words", "claims", "endings", "skipped")
AGAIN = b"+"
NOTED = b"~"
OF_ROW = b"="
WORDS, CLAIM, STATE = b"words\0", b"claim\0", b"state\0"
PLACE = b"place"
ERASED = b"erased"
SPACE = b"space"
NUMBERS = b"numbers"


class Mind(msgspec.Struct, array_like=True):
    """What the store knows of a mind as a whole."""

    number: int
    key: bytes
    """For keyed hashes of its texts; goes with the mind."""
    seq: int = 0
    """Processed up to here."""
    next_ordinal: int = 0
    held: int = 0
    """Memories that hold now."""
    endings: int = 0
    """How many rows were ended."""
    erasures: int = 0
    """How often rows were erased: an index that has seen fewer holds what must not be found."""
    skipped: int = 0
    """How many of its events could not be indexed."""
    deleted: bool = False
    beside: Mind | None = None
    """The same mind under another number, where it is being folded again from its first event."""
    foldings: int = 0
    """How often it was folded again: what was read of it before may be in other places since."""


class Space(msgspec.Struct, array_like=True):
    """The vectors of one embedder."""

    number: int
    dimensions: int
    settings: dict[str, Any]
    """How to make the embedder."""


class Damaged(Exception):
    """A stored value is not what was written: the file is to be built anew from the ledger."""


def sealed(value: bytes) -> bytes:
    """A value behind its checksum."""
    return _CRC.pack(zlib.crc32(value)) + value


def unsealed(value: bytes) -> bytes:
    """The value behind a checksum. Raises Damaged."""
    content = value[_CRC.size :]
    if len(value) < _CRC.size or _CRC.unpack_from(value)[0] != zlib.crc32(content):
        raise Damaged
    return content


def versions_of(mind: Mind, memory_id: str) -> bytes:
    """What the keys of a memory's versions begin with, and those of no other memory."""
    encoded = memory_id.encode()
    return _MEMORY.pack(mind.number, len(encoded)) + encoded


def digest(mind: Mind, purpose: bytes, text: str) -> bytes:
    """The key of what says a text; ``purpose`` is ``WORDS``, ``CLAIM`` or ``STATE``."""
    return MIND.pack(mind.number) + hmac.digest(mind.key, purpose + text.encode(), hashlib.sha256)
