"""The MemeGraph on disk: nodes and both directions of every edge, with the event that each came from.

All of it is rebuilt from the ledger when it is lost. Keys hold digests of node ids, because LMDB's keys are short.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from pmm.mind.v1.events_pb2 import Event
from services.orchestrator.graph.parts import MESSAGES, Before, Edge, Node, Part, from_header, from_payload
from services.orchestrator.tables import SEQ, Tables, decode, encode, of_mind, remove_mind, under, write
from services.runtime.projection_file import ProjectionFile

TABLES = ("nodes", "edges", "payload_keys", "last")
"""mind, node, seq, part → id, type, label; mind, node, seq, part, ordinal, way → other end, type, way; mind, seq →
keys of what goes with the payload; mind, what → seq of the last one."""
_ORDINAL = struct.Struct(">H")
MAX_EDGES = 2**16
"""Of an event by its payload, and as many by its header: what an application appended may name more."""
LAST = 2**64 - 1
"""As of no seq: the latest."""
_DIGEST_BYTES = 16


@dataclass(frozen=True, slots=True)
class Stored:
    """A node, and the first event that it came from."""

    node: Node
    seq: int


class GraphStore(Tables):
    """One LMDB file."""

    FORMAT = 3

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, TABLES)

    def take(self, txn: Any, events: Iterable[Event]) -> bool:
        return write(_Writer(self.file, txn), events)

    def node(self, mind_id: str, node_id: str, upto: int = LAST) -> Stored | None:
        """A node as it was at a seq, with the label that it was given last."""
        prefix = _node_prefix(mind_id, node_id)
        first, node = 0, None
        with self.file.read() as txn:
            for key, value in under(txn, self.file.table("nodes"), prefix):
                seq = SEQ.unpack_from(key, len(prefix))[0]
                if seq > upto:
                    break
                first = first or seq
                its_id, its_type, label = decode(value, type=tuple[str, str, str])
                node = Node(its_id, its_type, label or (node.label if node else ""))
        return None if node is None else Stored(node, first)

    def seqs(self, mind_id: str, node_id: str, upto: int) -> list[int]:
        """The events up to a seq that made or changed a node, oldest first."""
        prefix = _node_prefix(mind_id, node_id)
        found: dict[int, None] = {}
        with self.file.read() as txn:
            for key, _ in under(txn, self.file.table("nodes"), prefix):
                found[SEQ.unpack_from(key, len(prefix))[0]] = None
        return [seq for seq in found if seq <= upto]

    def edges(self, mind_id: str, node_id: str, limit: int, upto: int = LAST) -> list[Edge]:
        """The edges of a node as of a seq, either way, those of the latest events first, each once."""
        prefix = _node_prefix(mind_id, node_id)
        found: dict[Edge, None] = {}
        below = prefix + SEQ.pack(upto) + b"\xff" * SEQ.size
        with self.file.read() as txn:
            for _, value in under(txn, self.file.table("edges"), prefix, latest_first=True, before=below):
                other, kind, leads_away = decode(value, type=tuple[str, str, bool])
                edge = Edge(node_id, other, kind) if leads_away else Edge(other, node_id, kind)
                found.setdefault(edge)
                if len(found) == limit:
                    break
        return list(found)


class _Writer:
    """Changes within one transaction."""

    def __init__(self, file: ProjectionFile, txn: Any) -> None:
        self._txn = txn
        self._nodes, self._edges = file.table("nodes"), file.table("edges")
        self._payload_keys, self._last = file.table("payload_keys"), file.table("last")

    def add(self, event: Event) -> None:
        if not event.remember:
            return
        self._put(event, from_header(event, self._before(event)))
        keys = self._put(event, from_payload(event), is_payload=True)
        if keys:
            self._txn.put(_seq_key(event.mind_id, event.seq), encode(keys), db=self._payload_keys)

    def remove_payload(self, mind_id: str, seq: int) -> bool:
        """Whether there was anything."""
        keys = self._txn.pop(_seq_key(mind_id, seq), db=self._payload_keys)
        if keys is None:
            return False
        for is_node, key in decode(bytes(keys), type=list[tuple[bool, bytes]]):
            self._txn.delete(key, db=self._nodes if is_node else self._edges)
        return True

    def remove_mind(self, mind_id: str) -> bool:
        """Whether there was anything."""
        return remove_mind(self._txn, (self._nodes, self._edges, self._payload_keys, self._last), mind_id)

    def _before(self, event: Event) -> Before:
        """What the headers before this one tell; notes this one."""
        if event.kind in MESSAGES:
            return Before(message=self._swap(event, "message_of", event.session_id))
        if event.kind == "identity_adopted":
            return Before(identity=self._swap(event, "identity", ""))
        return Before()

    def _swap(self, event: Event, what: str, of: str) -> int:
        key = _last_key(event.mind_id, what, of)
        before = self._txn.get(key, db=self._last)
        seq = SEQ.unpack(before)[0] if before else 0
        self._txn.put(key, SEQ.pack(event.seq), db=self._last)
        return seq

    def _put(self, event: Event, part: Part, *, is_payload: bool = False) -> list[tuple[bool, bytes]]:
        """The keys that were written, each with whether it is a node's."""
        keys: list[tuple[bool, bytes]] = []
        seq = SEQ.pack(event.seq)
        for node in part.nodes:
            # The node of a message is there by its header; a label of the payload is kept beside it.
            key = _node_prefix(event.mind_id, node.id) + seq + bytes([is_payload])
            self._txn.put(key, encode((node.id, node.type, node.label)), db=self._nodes)
            keys.append((True, key))
        for ordinal, edge in enumerate(islice(dict.fromkeys(part.edges), MAX_EDGES)):
            end = seq + bytes([is_payload]) + _ORDINAL.pack(ordinal)
            for near, far, leads_away in (
                (edge.from_id, edge.to_id, True),
                (edge.to_id, edge.from_id, False),
            ):
                key = _node_prefix(event.mind_id, near) + end + bytes([leads_away])
                self._txn.put(key, encode((far, edge.type, leads_away)), db=self._edges)
                keys.append((False, key))
        return keys


def _node_prefix(mind_id: str, node_id: str) -> bytes:
    return of_mind(mind_id) + hashlib.blake2b(node_id.encode(), digest_size=_DIGEST_BYTES).digest()


def _seq_key(mind_id: str, seq: int) -> bytes:
    return of_mind(mind_id) + SEQ.pack(seq)


def _last_key(mind_id: str, what: str, of: str) -> bytes:
    return of_mind(mind_id) + f"{what}\x00{of}".encode()
