"""Reading what can be read from a damaged data file, page by page, whatever has become of its tree.

LMDB cannot walk past a damaged branch page. But every leaf page holds whole keys and values (struct MDB_page and
MDB_node of mdb.c, 64-bit), and an event proves itself: its hash covers mind, seq and digest. So each page is looked at
alone, and what verifies is kept. Pages that LMDB has freed are looked at too; what they hold verifies or does not.
"""

from __future__ import annotations

import mmap
import struct
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pmm.mind.v1.events_pb2 import Body
from services.ledger import encoding
from services.ledger.encoding import Record
from services.ledger.events import StoredEvent
from services.ledger.keys import KeySegments
from services.ledger.masterkey import MasterKeys

_PAGE = struct.Struct("=QHHHH")
_NODE = struct.Struct("=HHHH")
_PAGE_NUMBER = struct.Struct("=Q")
_LEAF, _OTHER_FLAGS = 0x02, 0x20 | 0x04
_BIG_DATA = 0x01
_MIND = struct.Struct(">I")
_EVENT = struct.Struct(">IQ")
_MAX_NAME_BYTES = 128


@dataclass(slots=True)
class Salvaged:
    """What is left of one mind."""

    mind_id: str
    events: dict[int, Record]
    """By seq; each matches its own hash."""

    @property
    def whole(self) -> int:
        """From the first event on, so many are there and chained to each other: they can be restored."""
        previous = encoding.GENESIS
        seq = 0
        while (record := self.events.get(seq + 1)) is not None and record.header.prev_hash == previous:
            previous, seq = record.hash, seq + 1
        return seq


def salvage(folder: Path, page_bytes: int = 4096) -> list[Salvaged]:
    """Every mind of which something is left, by name. Opens nothing but the data file."""
    names: dict[int, set[str]] = defaultdict(set)
    places: dict[tuple[int, int], list[tuple[int, int]]] = defaultdict(list)
    with (
        (folder / "data.mdb").open("rb") as file,
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data,
    ):
        for key, start, end in _leaves(data, page_bytes):
            if len(key) == _MIND.size and end - start <= _MAX_NAME_BYTES:
                names[_MIND.unpack(key)[0]].add(data[start:end].decode("ascii", "replace"))
            elif len(key) == _EVENT.size and end - start >= encoding.RECORD_BYTES:
                places[_EVENT.unpack(key)].append((start, end))
        found: dict[str, Salvaged] = {}
        for (number, seq), copies in places.items():
            for mind_id in names.get(number, ()):
                record = next(_verified(data, mind_id, seq, copies), None)
                if record is not None:
                    found.setdefault(mind_id, Salvaged(mind_id, {})).events[seq] = record
    return [found[mind_id] for mind_id in sorted(found)]


def _leaves(data: mmap.mmap, page_bytes: int) -> Iterator[tuple[bytes, int, int]]:
    """Key, and where its value begins and ends, of every entry of every page that looks like a leaf."""
    for page in range(0, len(data) - page_bytes + 1, page_bytes):
        _, _, flags, lower, upper = _PAGE.unpack_from(data, page)
        if not flags & _LEAF or flags & _OTHER_FLAGS or not _PAGE.size <= lower <= upper <= page_bytes:
            continue
        for pointer in range(page + _PAGE.size, page + lower, 2):
            node = page + int.from_bytes(data[pointer : pointer + 2], "little")
            if node + _NODE.size > page + page_bytes:
                continue
            low, high, node_flags, key_bytes = _NODE.unpack_from(data, node)
            start = node + _NODE.size + key_bytes
            size = low | high << 16
            key = data[node + _NODE.size : start]
            if node_flags & _BIG_DATA:
                if start + _PAGE_NUMBER.size > len(data):
                    continue
                start = _PAGE_NUMBER.unpack_from(data, start)[0] * page_bytes + _PAGE.size
            if start + size <= len(data):
                yield key, start, start + size


def _verified(data: mmap.mmap, mind_id: str, seq: int, copies: list[tuple[int, int]]) -> Iterator[Record]:
    for start, end in copies:
        try:
            record = encoding.decode_record(mind_id, seq, data[start:end])
        except ValueError:
            continue
        if encoding.header_hash(record.header) == record.hash:
            yield record


def opened(folder: Path, masters: MasterKeys, salvaged: Salvaged) -> Iterator[StoredEvent]:
    """The events by seq, their payloads opened; those that cannot be opened and were not erased are left out."""
    keys = KeySegments(folder / "keys", "events", masters, is_readonly=True)
    erased: set[int] = set()
    events: dict[int, StoredEvent] = {}
    for seq, record in sorted(salvaged.events.items()):
        event = _opened(keys, record)
        events[seq] = event
        if event.payload is not None and record.header.kind == "event_redacted":
            erased.update(Body.FromString(event.payload).event_redacted.seqs)
    keys.close()
    for seq, event in events.items():
        if event.payload is not None or seq in erased:
            yield event


def _opened(keys: KeySegments, record: Record) -> StoredEvent:
    header = record.header
    key = keys.read(record.position - 1)
    if key is not None:
        try:
            salt, payload = encoding.unseal(key, header.mind_id, header.seq, record.sealed)
        except ValueError:
            pass
        else:
            if encoding.payload_digest(salt, payload) == header.payload_digest:
                return StoredEvent(header, record.hash, record.position, payload, salt)
    return StoredEvent(header, record.hash, record.position, None, None)
