"""Applies events to the store and to the minds that are loaded. Runs in one thread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from pmm.mind.v1.events_pb2 import Event
from services.memory import derive
from services.memory.cache import EmbeddingCache
from services.memory.embedder import Embedder, Vectors
from services.memory.minds import LoadedMinds
from services.memory.rows import Row
from services.memory.store import Batch, Mind, Store


@dataclass
class Added:
    """What one batch added to and ended in one mind."""

    mind: Mind
    ordinals: list[int] = field(default_factory=lambda: [])
    rows: list[Row] = field(default_factory=lambda: [])
    ended: list[tuple[int, int]] = field(default_factory=lambda: [])
    """Ordinal and the seq that ended it."""
    erased_texts: list[str] = field(default_factory=lambda: [])
    is_erased: bool = False
    """Rows were removed: a loaded index must be built anew."""


class Writer:
    """One batch of events, one transaction: rows, vectors and the position go to disk together."""

    def __init__(self, store: Store, minds: LoadedMinds, embedder: Embedder, cache: EmbeddingCache) -> None:
        self._store = store
        self._minds = minds
        self._embedder = embedder
        self._cache = cache

    def process(self, events: Sequence[Event], store_id: str, position: int) -> dict[str, int]:
        """Apply events in the order of the store; returns the seq that each mind has reached."""
        touched: dict[str, Added] = {}
        reached: dict[str, int] = {}
        with self._store.write() as batch:
            for event in events:
                mind = batch.open_mind(event.mind_id)
                if event.seq <= mind.seq:
                    continue
                added = touched.setdefault(event.mind_id, Added(mind))
                for change in derive.changes(event):
                    _apply(batch, added, change)
                mind.seq = reached[event.mind_id] = event.seq
            vectors = self._embed(touched)
            for mind_id, added in touched.items():
                for ordinal, vector in zip(added.ordinals, vectors[mind_id], strict=True):
                    batch.put_vector(added.mind, ordinal, vector.tobytes())
            batch.advance(store_id, position)
        for mind_id, added in touched.items():
            self._update_loaded(mind_id, added, vectors[mind_id])
        if self._store.holds_erased():
            self._embeddings_and_store_anew()
        return reached

    def finish_erasing(self) -> None:
        """What a crash interrupted: nobody knows any more which vectors were the erased ones, so all cached ones go."""
        if self._store.holds_erased():
            self._cache.clear()
            self._embeddings_and_store_anew()

    def _embeddings_and_store_anew(self) -> None:
        # The store's mark goes last: until then the next start does all of this again.
        self._cache.compact()
        self._store.compact()

    def _embed(self, touched: dict[str, Added]) -> dict[str, Vectors]:
        items = [(added.mind.key, row.text) for added in touched.values() for row in added.rows]
        vectors = self._cache.embed(self._embedder, items)
        split: dict[str, Vectors] = {}
        first = 0
        for mind_id, added in touched.items():
            split[mind_id] = vectors[first : first + len(added.rows)]
            first += len(added.rows)
            if added.erased_texts:
                self._cache.forget(self._embedder, [(added.mind.key, text) for text in added.erased_texts])
        return split

    def _update_loaded(self, mind_id: str, added: Added, vectors: Vectors) -> None:
        index = self._minds.get(mind_id)
        if index is None:
            return
        if added.is_erased:
            self._minds.drop(mind_id)
            return
        if added.rows:
            index.add(added.rows, vectors)
        for ordinal, seq in added.ended:
            index.end(ordinal, seq)
        index.changes = added.mind.changes


def _apply(batch: Batch, added: Added, change: derive.Change) -> None:
    mind = added.mind
    match change:
        case derive.Add(row):
            held = batch.current(mind, row.memory_id)
            if held is None:
                _add(batch, added, row)
        case derive.Revise(memory_id, revise):
            held = batch.current(mind, memory_id)
            if held is not None:
                revised = revise(held[1])
                _end(batch, added, *held, seq=revised.version_seq, retracted=False)
                _add(batch, added, revised)
        case derive.Retract(memory_id, seq):
            held = batch.current(mind, memory_id)
            if held is not None:
                _end(batch, added, *held, seq=seq, retracted=True)
        case derive.Erase(seqs):
            _erased(batch, added, batch.erase(mind, seqs))
        case derive.EraseMind():
            _erased(batch, added, batch.erase_mind(mind))


def _add(batch: Batch, added: Added, row: Row) -> None:
    added.ordinals.append(batch.add(added.mind, row))
    added.rows.append(row)


def _end(batch: Batch, added: Added, ordinal: int, row: Row, *, seq: int, retracted: bool) -> None:
    batch.end(added.mind, ordinal, row, seq, retracted=retracted)
    added.ended.append((ordinal, seq))


def _erased(batch: Batch, added: Added, texts: list[str]) -> None:
    added.erased_texts += texts
    added.is_erased = added.is_erased or bool(texts)
    # What this batch itself added may be among the erased, and must not be embedded.
    kept = [pair for pair in zip(added.ordinals, added.rows, strict=True) if batch.row(added.mind, pair[0])]
    added.ordinals, added.rows = [ordinal for ordinal, _ in kept], [row for _, row in kept]
