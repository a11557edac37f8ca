"""Erasing payloads for good: ordered by an event, noted in the journal, carried out on the keys, marked as done.

Each step survives a crash: what was ordered is completed at the next start. docs/ledger-format.md says what erasing
does to the files.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from pmm.mind.v1.events_pb2 import Body, EventRedacted, MindDeleted
from services.ledger import encoding
from services.ledger.batch import Batch
from services.ledger.decision import check_causes, check_expected, mind_hmac, put_event
from services.ledger.errors import (
    UnknownEvent,
    UnknownRedaction,
    broken_event,
    unknown_event,
    unknown_mind,
)
from services.ledger.events import NewEvent
from services.ledger.journal import Erased, Journal
from services.ledger.keys import KEYS_PER_SEGMENT
from services.ledger.reading import Opener, decoded
from services.ledger.store import StorageFull, Store
from services.ledger.tables import Erasure, MindState, Reader, Receipt
from services.runtime.durable import is_full
from services.runtime.errors import InvalidArgument, Violation

ORDERS = frozenset({"event_redacted", "mind_deleted"})
"""Kinds that order an erasure. They stay readable: they are what says that a payload is gone on purpose."""

_ORDER_KEY = b"redact\x00"
_SEQS_AN_EVENT = 50_000
"""An event is at most 1 MiB."""
_SEGMENTS_A_STEP = 16
_EVENTS_A_STEP = 4_096
_TRACES_A_STEP = 20_000
_SEALING_BYTES = 48
"""Salt and tag, which a sealed payload has beside the payload."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which payloads of a mind are to be erased: seqs, a conversation, or all of them."""

    mind_id: str
    seqs: Sequence[int] = ()
    session_id: str = ""
    whole_mind: bool = False
    why: str = ""
    who: str = ""
    idempotency_key: str = ""
    events: Sequence[NewEvent] = ()
    """What is written after the order in the same commit, where anything is left to erase."""
    expected_seq: int | None = None


@dataclass(frozen=True, slots=True)
class Ordered:
    """An erasure that is ordered: the seq of its event, how many payloads it erases, and the head after it."""

    seq: int
    events: int
    head_seq: int


@dataclass(frozen=True, slots=True)
class Status:
    """How far an erasure is. Times in ns since 1970 UTC; 0 for not yet."""

    seq: int
    requested_ns: int
    erased_ns: int


def order(store: Store, wanted: Wanted) -> Ordered:
    """Commit event_redacted. Runs in the writer's thread.

    What is erased already is left out; where nothing remains, the erasure that was ordered before is the answer.
    Raises UnknownMind, MindDeleted, UnknownEvent, WrongExpectedSeq, BeyondHead, InvalidArgument.
    """
    with store.write() as batch:
        state = batch.living(wanted.mind_id)
        key = wanted.idempotency_key.encode()
        digest = mind_hmac(store, wanted.mind_id, state, _ORDER_KEY, key) if key else b""
        seen = batch.receipt(state, digest) if digest else None
        if seen is not None:
            done = batch.erasure(state, seen.seqs[0])
            return Ordered(seen.seqs[0], done.events if done else 0, state.head_seq)
        ordered = _order(store, batch, state, wanted)
        if digest:
            batch.put_receipt(state, digest, Receipt(b"", [ordered.seq]))
        return ordered


def _order(store: Store, batch: Batch, state: MindState, wanted: Wanted) -> Ordered:
    chosen = _chosen(batch, state, wanted)
    fresh: list[int] = []
    for seq in chosen:
        data = batch.raw_event(state, seq)
        if data is None:
            raise broken_event(wanted.mind_id, seq, "it is missing")
        record = decoded(wanted.mind_id, seq, data)
        if record.header.kind in ORDERS:
            if seq in wanted.seqs:
                raise InvalidArgument([Violation("seqs", f"{seq} orders an erasure itself, and stays")])
        elif batch.redacted_by(state, seq) is None:
            fresh.append(seq)
            state.payload_bytes -= len(record.sealed) - _SEALING_BYTES
    if not fresh:
        before = batch.redacted_by(state, chosen[0]) if chosen else None
        if before is None:
            raise UnknownEvent(
                f"mind {wanted.mind_id!r} has nothing to erase in session {wanted.session_id!r}",
                head_seq=str(state.head_seq),
            )
        return Ordered(before, 0, state.head_seq)
    check_expected(wanted.mind_id, state.head_seq, wanted.expected_seq)
    check_causes(wanted.events, state.head_seq)
    state = put_orders(store, batch, wanted.mind_id, state, fresh, who=wanted.who, why=wanted.why)
    ordered_seq = state.head_seq
    for event in wanted.events:
        state = put_event(store, batch, wanted.mind_id, state, event)
    batch.put_mind(wanted.mind_id, state)
    return Ordered(ordered_seq, len(fresh), state.head_seq)


def put_orders(
    store: Store,
    batch: Batch,
    mind_id: str,
    state: MindState,
    fresh: Sequence[int],
    *,
    who: str = "",
    why: str = "",
    is_done: bool = False,
) -> MindState:
    """Write event_redacted of payloads after the head; the state with the new head, which is not yet written.

    ``is_done``: there are no keys that are left to erase.
    """
    for start in range(0, len(fresh), _SEQS_AN_EVENT):
        seqs = fresh[start : start + _SEQS_AN_EVENT]
        body = Body(event_redacted=EventRedacted(seqs=seqs, who=who, why=why))
        state = put_event(store, batch, mind_id, state, _event("event_redacted", body))
        for seq in seqs:
            batch.put_redacted(state, seq, state.head_seq)
        now_ns = time.time_ns()
        erasure = Erasure(now_ns, now_ns if is_done else 0, events=len(seqs))
        batch.put_erasure(state, state.head_seq, erasure)
    return state


def _chosen(batch: Batch, state: MindState, wanted: Wanted) -> list[int]:
    head = state.head_seq
    for seq in wanted.seqs:
        if seq > head:
            raise unknown_event(wanted.mind_id, seq, head)
    chosen = set(range(1, head + 1)) if wanted.whole_mind else set(wanted.seqs)
    if wanted.session_id:
        chosen.update(batch.indexed("sessions", state, wanted.session_id, 1, head, reverse=False))
    return sorted(chosen)


def order_deletion(store: Store, mind_id: str, who: str, why: str) -> int:
    """Commit mind_deleted as the mind's last event; its seq. Runs in the writer's thread.

    Raises UnknownMind. A mind that is deleted already answers with the event that deleted it.
    """
    with store.write() as batch:
        known = batch.mind(mind_id)
        if known is not None and known.is_deleted:
            return known.head_seq
        state = batch.living(mind_id)
        body = Body(mind_deleted=MindDeleted(who=who, why=why))
        events = state.head_seq
        state = put_event(store, batch, mind_id, state, _event("mind_deleted", body))
        batch.put_erasure(state, state.head_seq, Erasure(time.time_ns(), events=events))
        batch.put_mind(mind_id, msgspec.structs.replace(state, is_deleted=True, payload_bytes=0))
        return state.head_seq


def _event(kind: str, body: Body) -> NewEvent:
    return NewEvent(kind, body.SerializeToString(deterministic=True), actor="system")


def status(reader: Reader, mind_id: str, seq: int) -> Status:
    """How far the erasure is that an event orders. Raises UnknownMind, UnknownRedaction."""
    state = reader.mind(mind_id)
    if state is None:
        raise unknown_mind(mind_id)
    data = reader.raw_event(state, seq) if 0 < seq <= state.head_seq else None
    header = decoded(mind_id, seq, data).header if data else None
    if header is None or header.kind not in ORDERS:
        raise UnknownRedaction(f"mind {mind_id!r} has no erasure {seq}", mind_id=mind_id)
    # An erasure that came with a restored export was carried out before the export was made.
    done = reader.erasure(state, seq) or Erasure(header.recorded_ns, header.recorded_ns)
    return Status(seq, done.requested_ns, done.erased_ns)


class Completion:
    """Carries out what an event orders, a step at a time, so that appends come in between. Repeating it is harmless."""

    def __init__(self, store: Store, journal: Journal, mind_id: str, seq: int) -> None:
        self._store = store
        self._journal = journal
        self._mind_id = mind_id
        self._seq = seq
        self._slots: list[int] | None = None

    def step(self) -> bool:
        """Do the next part; True while there is more. Runs in the writer's thread. Raises StorageFull."""
        try:
            with self._store.read() as reader:
                state = reader.mind(self._mind_id)
                assert state is not None, "minds are never removed"
                erasure = reader.erasure(state, self._seq)
            if erasure is None or erasure.erased_ns:
                return False
            if state.is_deleted and self._seq == state.head_seq:
                return self._delete_step(state, erasure)
            return self._redact_step(state, erasure)
        except OSError as error:
            if is_full(error):
                raise StorageFull from error
            raise

    def _redact_step(self, state: MindState, erasure: Erasure) -> bool:
        if self._slots is None:
            self._slots = self._note(state, self._seqs(state))
        last = (
            (self._slots[0] // KEYS_PER_SEGMENT + _SEGMENTS_A_STEP) * KEYS_PER_SEGMENT if self._slots else 0
        )
        now = [slot for slot in self._slots if slot < last]
        self._store.event_keys.erase(now)
        self._slots = self._slots[len(now) :]
        return bool(self._slots) or self._mark(state, erasure)

    def _delete_step(self, state: MindState, erasure: Erasure) -> bool:
        with self._store.read() as reader:
            found = list(reader.positions_of(state, 1, self._seq - 1, _EVENTS_A_STEP))
        if found:
            if found[0][0] == 1:
                self._note_deletion(state)
            self._store.event_keys.erase(position - 1 for _, position in found if position)
            with self._store.write() as batch:
                batch.remove_events(state, found[0][0], found[-1][0])
            return True
        with self._store.write() as batch:
            if batch.remove_traces(state, _TRACES_A_STEP):
                return True
        self._store.mind_keys.erase([state.number])
        return self._mark(state, erasure)

    def _seqs(self, state: MindState) -> Sequence[int]:
        with self._store.read() as reader:
            data = reader.raw_event(state, self._seq)
            if data is None and state.is_deleted:
                # What it orders is erased with the whole mind.
                return ()
            if data is None:
                raise broken_event(self._mind_id, self._seq, "it is missing")
            record = Opener(self._store, reader, state.number, self._mind_id).opened(self._seq, data)
        return Body.FromString(record.event().payload or b"").event_redacted.seqs

    def _note(self, state: MindState, seqs: Sequence[int]) -> list[int]:
        """Write the journal; the slots of the keys, ascending."""
        events: list[tuple[int, str]] = []
        slots: list[int] = []
        with self._store.read() as reader:
            for seq in seqs:
                data = reader.raw_event(state, seq)
                if data is not None:
                    events.append((seq, encoding.hash_of(data).hex()))
                    slots.append(encoding.position_of(data) - 1)
        if events:
            self._journal.note_erased(Erased(self._mind_id, time.time_ns(), tuple(events)))
        return sorted(slots)

    def _note_deletion(self, state: MindState) -> None:
        with self._store.read() as reader:
            first = reader.record_hash(state, 1)
        deleted = first.hex() if first else ""
        self._journal.note_erased(Erased(self._mind_id, time.time_ns(), deleted=deleted))

    def _mark(self, state: MindState, erasure: Erasure) -> bool:
        with self._store.write() as batch:
            done = msgspec.structs.replace(erasure, erased_ns=time.time_ns())
            batch.put_erasure(state, self._seq, done)
        return False
