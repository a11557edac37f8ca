"""Applies events to the store and to the minds that are loaded. Runs in one thread."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from pmm.mind.v1.events_pb2 import Event
from services.memory import derive
from services.memory.batch import Batch
from services.memory.claims import Claim
from services.memory.embedder import EmbedderAway
from services.memory.embeddings import Embeddings
from services.memory.minds import LoadedMinds
from services.memory.records import Mind
from services.memory.rows import EPISODE, Row
from services.memory.spaces import Spaces
from services.memory.store import Store

ID_TAKEN = "a memory of this id was formed before"


@dataclass
class Added:
    """What one batch added to and ended in one mind."""

    mind: Mind
    first: int
    """The ordinal of the first new row."""
    rows: list[Row | None] = field(default_factory=lambda: [])
    """New rows in the order of their ordinals; None where one was erased again."""
    ended: list[tuple[int, int]] = field(default_factory=lambda: [])
    """Ordinal and the seq that ended it."""
    erased: dict[int, Row] = field(default_factory=lambda: {})
    """By ordinal."""


class Writer:
    """One batch of events, one transaction: rows, vectors and the position go to disk together."""

    def __init__(self, store: Store, minds: LoadedMinds, spaces: Spaces, embeddings: Embeddings) -> None:
        self._store = store
        self._minds = minds
        self._spaces = spaces
        self._embeddings = embeddings
        with store.read() as stored:
            self.folding = {mind_id for mind_id, mind in stored.all_minds() if mind.beside is not None}
            """Minds that are to be folded again."""

    def process(self, events: Sequence[Event], store_id: str, position: int) -> dict[str, int]:
        """Apply events in the order of the store; returns the seq that each mind has reached."""
        touched: dict[str, Added] = {}
        reached: dict[str, int] = {}
        with self._store.write() as batch:
            for event in events:
                mind = batch.open_mind(event.mind_id)
                if event.seq <= mind.seq:
                    continue
                added = touched.setdefault(event.mind_id, Added(mind, mind.next_ordinal))
                _apply_event(batch, added, event)
                mind.seq = reached[event.mind_id] = event.seq
            vectors = self._embed(batch, touched)
            batch.advance(store_id, position)
        for mind_id, added in touched.items():
            self._update_loaded(mind_id, added, vectors.get(mind_id))
            if added.mind.beside is not None:
                self.folding.add(mind_id)
        if batch.erased_texts:
            self._anew()
        return reached

    def fold(self, mind_id: str, number: int, events: Sequence[Event]) -> None:
        """Apply events, from the first one on, to a mind that is folded again under a number.

        At the seq that what is held of it has reached, the one takes the place of the other. Nothing happens where the
        folding has begun anew meanwhile: the events may hold what was erased.
        """
        with self._store.write() as batch:
            mind = batch.open_mind(mind_id)
            beside = mind.beside
            if beside is None or beside.number != number:
                return
            added = Added(beside, beside.next_ordinal)
            for event in events:
                if beside.seq < event.seq <= mind.seq:
                    _apply_event(batch, added, event)
                    beside.seq = event.seq
            self._embed(batch, {mind_id: added})
            is_complete = beside.seq == mind.seq
            if is_complete:
                batch.put_in_place(mind_id, beside)
        if is_complete:
            self._minds.folded_again(mind_id, mind)
            self.folding.discard(mind_id)
        if batch.erased_texts:
            self._anew()

    def finish_erasing(self) -> None:
        """What a crash interrupted: nobody knows any more what was the erased, so all that is derived goes."""
        if self._store.holds_erased():
            self._embeddings.clear_stored()
            self._minds.remove_saved()
            self._anew()

    def _anew(self) -> None:
        # The store's mark goes last: until then the next start does all of this again.
        self._embeddings.compact()
        self._store.compact()

    def _embed(self, batch: Batch, touched: dict[str, Added]) -> dict[str, np.ndarray]:
        """Vectors of the new rows by mind, stored; a mind whose vectors lag behind is left to ``Spaces.fill``."""
        space = self._spaces.searched
        current = {
            mind_id: added
            for mind_id, added in touched.items()
            if added.rows and batch.embedded(space.number, added.mind) >= added.first
        }
        items = [
            (added.mind.key, row.text if row else "") for added in current.values() for row in added.rows
        ]
        if batch.erased_texts:
            self._embeddings.forget(self._spaces.embedder_ids(), batch.erased_texts)
        if self._spaces.embedder is None:
            return {}
        try:
            vectors, failed = self._embeddings.store(self._spaces.embedder, items)
        except EmbedderAway:
            return {}
        split: dict[str, np.ndarray] = {}
        first = 0
        for mind_id, added in current.items():
            count = len(added.rows)
            split[mind_id] = vectors[first : first + count]
            batch.put_vectors(space.number, added.mind, added.first, split[mind_id])
            for place, reason in failed.items():
                row = added.rows[place - first] if first <= place < first + count else None
                if row is not None:
                    batch.skip(added.mind, row.version_seq, reason)
            first += count
        return split

    def _update_loaded(self, mind_id: str, added: Added, vectors: np.ndarray | None) -> None:
        if added.erased:
            self._minds.erased(mind_id, added.mind, list(added.erased))
        index = self._minds.loaded(mind_id)
        if index is None:
            return
        if added.rows:
            if vectors is None:
                vectors = np.zeros((len(added.rows), index.dimensions), np.float32)
            index.add(added.rows, vectors)
        for ordinal, seq in added.ended:
            index.end(ordinal, seq)
        index.endings = added.mind.endings


def _apply_event(batch: Batch, added: Added, event: Event) -> None:
    try:
        for change in derive.changes(event):
            _apply(batch, added, change)
    except derive.Unindexable as error:
        batch.skip(added.mind, event.seq, str(error))


def _apply(batch: Batch, added: Added, change: derive.Change) -> None:
    mind = added.mind
    match change:
        case derive.Add(row, contradicts):
            _form(batch, added, row, contradicts)
        case derive.Revise(memory_id, revise):
            ordinal, row = _held(batch, mind, memory_id)
            _replace(batch, added, ordinal, row, revise(row))
        case derive.Retract(memory_id, seq):
            ordinal, row = _held(batch, mind, memory_id)
            _end(batch, added, ordinal, row, seq, retracted=True)
        case derive.Erase(seqs):
            _erased(batch, added, batch.erase(mind, seqs), seqs)
        case derive.EraseMind():
            _erased(batch, added, batch.erase_mind(mind), frozenset())


def _held(batch: Batch, mind: Mind, memory_id: str) -> tuple[int, Row]:
    held = batch.current(mind, memory_id)
    if held is None:
        raise derive.Unindexable("the event names a memory that is not held")
    return held


def _form(batch: Batch, added: Added, row: Row, contradicts: Sequence[str]) -> None:
    mind = added.mind
    if batch.has(mind, row.memory_id):
        raise derive.Unindexable(ID_TAKEN)
    sameness = derive.sameness(row)
    same = batch.in_the_same_words(mind, sameness) if sameness else None
    if same is not None and derive.says_again(row, same[1]):
        added.rows.append(batch.merge(mind, row, same[1].memory_id))
        _replace(batch, added, *same, derive.merged(same[1], row))
        return
    older = {memory_id: batch.current(mind, memory_id) for memory_id in contradicts}
    for claim, rival in _rivals(batch, mind, row):
        told_ns = _told_ns(batch, mind, batch.whole(mind, rival[1]))
        if derive.begins_ns(row) >= rival[1].valid_from_ns and _told_ns(batch, mind, row) >= told_ns:
            older[rival[1].memory_id] = rival
        elif claim in derive.claims_of(row):
            row = derive.ended_before(row, rival[1], rival[1].valid_from_ns or told_ns)
    for held in older.values():
        if held is not None:
            at_ns = derive.begins_ns(row)
            _replace(batch, added, *held, derive.closed(held[1], at_ns, row.version_seq, row.recorded_ns))
    _add(batch, added, row)


def _rivals(batch: Batch, mind: Mind, row: Row) -> Iterator[tuple[Claim, tuple[int, Row]]]:
    """What holds now and cannot beside the row, each with the claim of the row that says so."""
    for claim in derive.becomes(row):
        # What may be so beside another ends nothing.
        for rival in batch.claiming(mind, claim.of) if claim.is_sole or claim.is_over else ():
            if rival[1].valid_to_ns == 0 and derive.rules_out(row, claim, rival[1]):
                yield claim, rival


def _told_ns(batch: Batch, mind: Mind, row: Row) -> int:
    """When somebody said it: of what was drawn from a message when that was said, which may have been imported."""
    said = (one for seq in row.source_seqs for _, one in batch.come_from(mind, seq))
    return next((one.occurred_ns for one in said if one.type == EPISODE), row.recorded_ns)


def _replace(batch: Batch, added: Added, ordinal: int, old: Row, new: Row) -> None:
    _end(batch, added, ordinal, old, new.version_seq, retracted=False)
    _add(batch, added, new)


def _add(batch: Batch, added: Added, row: Row) -> None:
    ordinal = batch.add(added.mind, row)
    words, claimed, states = _said(row)
    if row.valid_to_ns:
        claimed = states = set[str]()
    batch.say(added.mind, ordinal, words, claimed, states)
    added.rows.append(row)


def _end(batch: Batch, added: Added, ordinal: int, row: Row, seq: int, *, retracted: bool) -> None:
    batch.end(added.mind, ordinal, row, seq, retracted=retracted)
    added.ended.append((ordinal, seq))


def _erased(batch: Batch, added: Added, erased: dict[int, Row], seqs: frozenset[int]) -> None:
    has_refused = bool(erased) and _has_refused(batch, added.mind)
    for ordinal, row in erased.items():
        words, claimed, states = _said(row)
        batch.unsay(added.mind, ordinal, words, claimed, states)
        # What an event hid that is still there stays hidden.
        is_unsaid = not seqs.isdisjoint((row.formed_seq, row.version_seq))
        if is_unsaid and (has_refused or _may_have_hidden(batch, added.mind, ordinal, row)):
            batch.fold_again(added.mind)
    for ordinal, row in batch.revive(added.mind, {row.memory_id for row in erased.values()}):
        batch.say(added.mind, ordinal, *_said(row))
    added.erased |= erased
    # What this batch itself added may be among the erased, and must not be embedded.
    added.rows = [
        row if row is not None and batch.row(added.mind, ordinal) is not None else None
        for ordinal, row in enumerate(added.rows, added.first)
    ]


def _may_have_hidden(batch: Batch, mind: Mind, ordinal: int, row: Row) -> bool:
    """Whether something was compared with a row that is erased which would have been with an older one."""
    return any(
        (claim.is_sole and batch.claimed_since(mind, claim.of, ordinal))
        or batch.claimed_often(mind, claim.of)
        for claim in derive.claims_of(row)
    )


def _has_refused(batch: Batch, mind: Mind) -> bool:
    """Whether a memory was not formed because there was one of its id, which may be erased now."""
    return any(reason == ID_TAKEN for _, _, reason in batch.skipped([mind.number], mind.skipped))


def _said(row: Row) -> tuple[str | None, set[str], set[str]]:
    """Its words; of what it says how that is; and of what its memory does, where it begins with it."""
    said = derive.becomes(row)
    states = said if row.version == 1 else ()
    return derive.sameness(row), {one.of for one in derive.lasting(row, said)}, {one.of for one in states}
