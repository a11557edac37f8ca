"""One append against the state of its mind: decide, then write. What is refused leaves nothing behind."""

from __future__ import annotations

import hashlib
import hmac
import os
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from services.ledger import encoding
from services.ledger.batch import Batch
from services.ledger.encoding import Header, Record
from services.ledger.errors import (
    BeyondHead,
    IdempotencyKeyReused,
    MindExists,
    QuotaExceeded,
    UnknownMind,
    WrongExpectedSeq,
    broken_event,
    broken_mind,
    mind_deleted,
)
from services.ledger.events import BIRTHS, Appended, NewEvent, Receipt
from services.ledger.store import Store
from services.ledger.tables import MindState
from services.ledger.tables import Receipt as KeyReceipt

BATCH_KEY = b"batch\x00"
_EVENT_KEY = b"event\x00"


@dataclass(frozen=True, slots=True)
class Quotas:
    """What a mind may hold at most; 0 where there is no bound."""

    events: int = 0
    payload_bytes: int = 0


@dataclass(frozen=True, slots=True)
class AppendCall:
    """What is to be appended, and under which conditions."""

    mind_id: str
    events: Sequence[NewEvent]
    expected_seq: int | None = None
    idempotency_key: str = ""
    expected_hash: bytes = b""


def put_event(store: Store, batch: Batch, mind_id: str, state: MindState, event: NewEvent) -> MindState:
    """Chain, seal and write one event after the head; the state with the new head, which is not yet written."""
    (key,) = store.event_keys.take(batch.next_position() - 1, 1)
    return _seal(batch, mind_id, state, event, key, max(time.time_ns(), state.head_ns))


def check_expected(mind_id: str, head: int, expected: int | None) -> None:
    """Raises WrongExpectedSeq where a mind's head is another one than is expected, be it any."""
    if expected is not None and expected != head:
        raise WrongExpectedSeq(
            f"the head of mind {mind_id!r} is {head}, not {expected}: read from there and decide again",
            head_seq=str(head),
        )


def check_causes(events: Iterable[NewEvent], head: int) -> None:
    """Raises BeyondHead where one of the events that are to follow a head names a cause that does not lie before it."""
    for seq, event in enumerate(events, head + 1):
        if event.causation_seq is not None and event.causation_seq >= seq:
            raise BeyondHead(
                f"causation_seq {event.causation_seq} of the event that would be {seq} must lie below it",
                head_seq=str(head),
            )


def _seal(
    batch: Batch, mind_id: str, state: MindState, event: NewEvent, key: bytes, now_ns: int
) -> MindState:
    seq = state.head_seq + 1
    salt = os.urandom(encoding.SALT_BYTES)
    header = Header(
        mind_id,
        seq,
        event.kind,
        now_ns,
        event.session_id,
        event.actor,
        event.causation_seq,
        event.trace_id,
        event.remember,
        encoding.payload_digest(salt, event.payload),
        state.head_hash,
    )
    its_hash = encoding.header_hash(header)
    position = batch.next_position()
    sealed = encoding.seal(key, mind_id, seq, salt, event.payload)
    batch.put_event(state, Record(header, its_hash, position, sealed))
    return MindState(
        state.number,
        seq,
        its_hash,
        position,
        now_ns,
        state.created_ns or now_ns,
        state.payload_bytes + len(event.payload),
        restored_seq=state.restored_seq,
    )


class Decision:
    """One append against the state of its mind. Raises what ``LedgerService.Append`` documents."""

    def __init__(self, store: Store, batch: Batch, call: AppendCall, quotas: Quotas) -> None:
        self._store = store
        self._batch = batch
        self._call = call
        self._quotas = quotas
        self._state = batch.mind(call.mind_id)

    def carry_out(self) -> Receipt:
        """Write what is new of it."""
        if self._state is not None and self._state.is_deleted:
            raise mind_deleted(self._call.mind_id)
        known = self._known_batch()
        if known is not None:
            return known
        existing = self._known_events()
        fresh = [event for i, event in enumerate(self._call.events) if i not in existing]
        if fresh:
            self._check(fresh)
        return self._write(existing)

    def _known_batch(self) -> Receipt | None:
        if self._state is None or not self._call.idempotency_key:
            return None
        seen = self._batch.receipt(self._state, self._hmac(BATCH_KEY, self._call.idempotency_key.encode()))
        if seen is None:
            return None
        self._must_equal(seen, BATCH_KEY, self._fingerprint(), "idempotency_key")
        return Receipt([self._stored(seq, existed=True) for seq in seen.seqs], seen.head_seq)

    def _known_events(self) -> dict[int, int]:
        """Index in the request → seq, of the events that this mind has seen by their own keys."""
        known: dict[int, int] = {}
        if self._state is None:
            return known
        for i, event in enumerate(self._call.events):
            if not event.idempotency_key:
                continue
            seen = self._batch.receipt(self._state, self._hmac(_EVENT_KEY, event.idempotency_key.encode()))
            if seen is not None:
                field = f"events[{i}].idempotency_key"
                self._must_equal(seen, _EVENT_KEY, event.fingerprint, field)
                if event.refuse_erased and self._batch.redacted_by(self._state, seen.seqs[0]) is not None:
                    raise IdempotencyKeyReused(
                        f"what came with {field} was erased since, and nobody can tell whether this is the same: "
                        "take a new key",
                        field=field,
                    )
                known[i] = seen.seqs[0]
        return known

    def _check(self, fresh: Sequence[NewEvent]) -> None:
        mind_id, state = self._call.mind_id, self._state
        head = state.head_seq if state else 0
        check_expected(mind_id, head, self._call.expected_seq)
        if state is not None and self._call.expected_hash not in (b"", state.head_hash):
            raise WrongExpectedSeq(
                f"event {head} of mind {mind_id!r} has another hash than expected_hash: read it anew and decide again",
                head_seq=str(head),
            )
        births = [i for i, event in enumerate(fresh) if event.kind in BIRTHS]
        if state is None and (not births or births[0] != 0):
            raise UnknownMind(
                f"there is no mind {mind_id!r}: its first event must be mind_created", mind_id=mind_id
            )
        if (state is not None and births) or len(births) > 1:
            raise MindExists(f"mind {mind_id!r} has begun already", mind_id=mind_id)
        check_causes(fresh, head)
        self._check_quotas(fresh)

    def _check_quotas(self, fresh: Sequence[NewEvent]) -> None:
        state, quotas = self._state or MindState(0), self._quotas
        payload_bytes = state.payload_bytes + sum(len(event.payload) for event in fresh)
        for name, limit, wanted in (
            ("events", quotas.events, state.head_seq + len(fresh)),
            ("bytes of payload", quotas.payload_bytes, payload_bytes),
        ):
            if limit and wanted > limit:
                raise QuotaExceeded(
                    f"mind {self._call.mind_id!r} would have {wanted:,} {name}, and may have {limit:,}: begin "
                    "another mind, or raise ledger.quota_events or ledger.quota_mib; nothing was written",
                    mind_id=self._call.mind_id,
                    limit=str(limit),
                )

    def _write(self, existing: dict[int, int]) -> Receipt:
        call, batch = self._call, self._batch
        state = self._state or batch.new_mind(call.mind_id, os.urandom(encoding.KEY_BYTES))
        self._state = state
        fresh = len(call.events) - len(existing)
        prev_hash = state.head_hash if fresh and state.head_seq else b""
        keys = iter(self._store.event_keys.take(batch.next_position() - 1, fresh))
        appended: list[Appended] = []
        now_ns = max(time.time_ns(), state.head_ns)
        for i, event in enumerate(call.events):
            if i in existing:
                appended.append(self._stored(existing[i], existed=True))
                continue
            key = next(keys)
            state = self._state = _seal(batch, call.mind_id, state, event, key, now_ns)
            appended.append(
                Appended(state.head_seq, state.head_position, state.head_ns, state.head_hash, existed=False)
            )
            if event.idempotency_key:
                self._remember(_EVENT_KEY, event.idempotency_key, event.fingerprint, [state.head_seq], [key])
        if fresh:
            batch.put_mind(call.mind_id, state)
        if call.idempotency_key:
            seqs = [event.seq for event in appended]
            self._remember(
                BATCH_KEY, call.idempotency_key, self._fingerprint(), seqs, self._keys_of(appended)
            )
        return Receipt(appended, state.head_seq, prev_hash)

    def _remember(
        self, purpose: bytes, key: str, body: bytes, seqs: list[int], event_keys: Sequence[bytes | None]
    ) -> None:
        """Keep what the key got. The digest of the body is void once the key of one of its events is erased."""
        assert self._state is not None
        digest = _body_digest(event_keys, purpose, body)
        receipt = KeyReceipt(digest or b"", seqs, self._state.head_seq)
        self._batch.put_receipt(self._state, self._hmac(purpose, key.encode()), receipt)

    def _must_equal(self, seen: KeyReceipt, purpose: bytes, body: bytes, field: str) -> None:
        """Nobody can tell any more what came with a key whose events were erased: the key alone decides then."""
        events = [self._stored(seq, existed=True) for seq in seen.seqs]
        digest = _body_digest(self._keys_of(events), purpose, body)
        if digest is not None and seen.digest and not hmac.compare_digest(seen.digest, digest):
            raise IdempotencyKeyReused(
                f"{field} came with another body before: take a new key, or repeat the first body",
                field=field,
            )

    def _keys_of(self, events: Iterable[Appended]) -> list[bytes | None]:
        return [self._store.event_keys.read(event.position - 1) for event in events]

    def _stored(self, seq: int, *, existed: bool) -> Appended:
        assert self._state is not None
        data = self._batch.raw_event(self._state, seq)
        if data is None:
            raise broken_event(self._call.mind_id, seq, "it is missing")
        return Appended(
            seq, encoding.position_of(data), encoding.recorded_ns_of(data), encoding.hash_of(data), existed
        )

    def _fingerprint(self) -> bytes:
        expected = "" if self._call.expected_seq is None else str(self._call.expected_seq)
        parts = [expected.encode(), *(event.fingerprint for event in self._call.events)]
        parts += [self._call.expected_hash] if self._call.expected_hash else []
        return b"".join(len(part).to_bytes(8, "big") + part for part in parts)

    def _hmac(self, purpose: bytes, data: bytes) -> bytes:
        """Keyed by the mind, so that what is kept betrays no text, and is void once the key is erased."""
        assert self._state is not None
        return mind_hmac(self._store, self._call.mind_id, self._state, purpose, data)


def mind_hmac(store: Store, mind_id: str, state: MindState, purpose: bytes, data: bytes) -> bytes:
    """HMAC-SHA-256 under the key of a mind. Raises BrokenMind where the key is gone."""
    key = store.mind_keys.read(state.number)
    if key is None:
        raise broken_mind(mind_id, "its key is gone")
    return hmac.digest(key, purpose + data, hashlib.sha256)


def _body_digest(event_keys: Sequence[bytes | None], purpose: bytes, body: bytes) -> bytes | None:
    """HMAC of a request's body under the keys of all its events; None where one was erased."""
    keys = [key for key in event_keys if key is not None]
    if len(keys) < len(event_keys):
        return None
    return hmac.digest(hashlib.sha256(b"".join(keys)).digest(), purpose + body, hashlib.sha256)
