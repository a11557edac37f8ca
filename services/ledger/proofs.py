"""Tree heads and proofs of a mind, from the complete subtrees that each append leaves behind.

RFC 9162 as ``pmm_client.merkle`` has it: what proves here is what verifies there.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass

from pmm_client import checkpoints, merkle
from pmm_client.checkpoints import Checkpoint
from services.ledger.errors import broken_event, broken_mind, unknown_event
from services.ledger.journal import Journal, Witnessed
from services.ledger.signing import SigningKeys
from services.ledger.store import Store
from services.ledger.tables import MindState, Reader


@dataclass(frozen=True, slots=True)
class TreeHead:
    """A checkpoint, with the verifier keys of its signatures."""

    note: str
    size: int
    root: bytes
    verifier_keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Inclusion:
    """That an event is in a tree."""

    leaf_index: int
    size: int
    event_hash: bytes
    path: list[bytes]


@dataclass(frozen=True, slots=True)
class Consistency:
    """That one tree is the beginning of another."""

    from_size: int
    to_size: int
    path: list[bytes]


class Prover:
    """Proves and signs. Signed notes are cached until the mind grows or the keys change."""

    def __init__(self, store: Store, keys: SigningKeys, journal: Journal, log_name: str) -> None:
        self._store = store
        self._keys = keys
        self._journal = journal
        self._log_name = log_name
        self._signing = threading.Lock()
        self._signed: dict[str, tuple[list[object], TreeHead]] = {}

    def checkpoint(self, mind_id: str, size: int, *, signed: bool) -> TreeHead:
        """The tree of the first ``size`` events, 0 for all. Raises UnknownMind, MindDeleted, UnknownEvent."""
        with self._store.read() as reader:
            state = reader.living(mind_id)
            size = _size(mind_id, state, size)
            origin = f"{self._log_name}/{mind_id}"
            if not signed:
                root = merkle.root(size, _nodes(reader, mind_id, state))
                return TreeHead(checkpoints.sign(Checkpoint(origin, size, root), ()), size, root)
            keys: list[object] = [size, *self._keys.active()]
            known = self._signed.get(mind_id)
            if known is not None and known[0] == keys:
                return known[1]
            root = merkle.root(size, _nodes(reader, mind_id, state))
        with self._signing:
            note, names = self._keys.sign(origin, size, root)
            head = TreeHead(note, size, root, tuple(names))
            self._journal.note_witnessed(Witnessed(mind_id, size, root.hex()))
            if size == state.head_seq:
                self._signed[mind_id] = (keys, head)
        return head

    def inclusion(self, mind_id: str, seq: int, size: int) -> Inclusion:
        """That an event is in the tree of ``size``, 0 for all. Raises as ``checkpoint`` does."""
        with self._store.read() as reader:
            state = reader.living(mind_id)
            size = _size(mind_id, state, size)
            if seq > size:
                raise unknown_event(mind_id, seq, size)
            event_hash = reader.record_hash(state, seq)
            if event_hash is None:
                raise broken_event(mind_id, seq, "it is missing")
            path = merkle.inclusion_path(seq - 1, size, _nodes(reader, mind_id, state))
        return Inclusion(seq - 1, size, event_hash, path)

    def consistency(self, mind_id: str, from_size: int, to_size: int) -> Consistency:
        """That one tree is the beginning of another, 0 for that of all. Raises as ``checkpoint`` does."""
        with self._store.read() as reader:
            state = reader.living(mind_id)
            to_size = _size(mind_id, state, to_size)
            if from_size > to_size:
                raise unknown_event(mind_id, from_size, to_size)
            path = merkle.consistency_path(from_size, to_size, _nodes(reader, mind_id, state))
        return Consistency(from_size, to_size, path)


def root_of(reader: Reader, mind_id: str, state: MindState, size: int) -> bytes:
    """The root of the first ``size`` events. Raises BrokenMind, BrokenEvent."""
    return merkle.root(size, _nodes(reader, mind_id, state))


def _size(mind_id: str, state: MindState, size: int) -> int:
    if size > state.head_seq:
        raise unknown_event(mind_id, size, state.head_seq)
    return size or state.head_seq


def _nodes(reader: Reader, mind_id: str, state: MindState) -> merkle.Node:
    def node(level: int, index: int) -> bytes:
        if level:
            found = reader.subtree(state, level, index)
            if found is None:
                raise broken_mind(mind_id, f"its tree lacks node {level}/{index}")
            return found
        event_hash = reader.record_hash(state, index + 1)
        if event_hash is None:
            raise broken_event(mind_id, index + 1, "it is missing")
        return merkle.leaf_hash(event_hash)

    return node
