"""Forming, revising, retracting and rating memories: each appends events to the ledger, and the fold does the rest."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

import msgspec

from pmm.mind.v1 import events_pb2 as mind
from services.memory import derive
from services.memory.errors import MemoryExists, MemoryRetracted, UnknownMemory, WrongSeq
from services.memory.follower import Follower
from services.memory.ledger import Draft, Ledger
from services.memory.reader import Reader
from services.memory.records import Mind
from services.memory.store import Store
from services.runtime.errors import InvalidArgument, Violation

_ATTEMPTS = 8
"""How often what was checked is checked again when somebody else wrote in between."""
_NEVER = 2**62
"""A seq at which no mind stands: an append that expects it only says what its idempotency key did before."""
_IDS = uuid.UUID("6f1d6f5e-5c1b-4f0f-9a52-3d6c0f2e8a11")
"""Namespace of the ids that follow from idempotency keys (RFC 9562, version 5)."""


class Planned(msgspec.Struct):
    """What a call would append, and what it answers."""

    drafts: list[Draft]
    memory_ids: list[str]
    repeated: list[Draft] = []
    """What was appended under the same keys before, if nothing else was."""


Plan = Callable[[Reader, Mind], Planned]


class Managing:
    """Each call is checked against what is held at the head, and appended only if the head is still there."""

    def __init__(
        self,
        ledger: Ledger,
        store: Store,
        follower: Follower,
        in_search: Callable[[Callable[[], Planned]], Awaitable[Planned]],
    ) -> None:
        self._ledger = ledger
        self._store = store
        self._follower = follower
        self._in_search = in_search

    async def record(
        self,
        mind_id: str,
        memories: Sequence[mind.MemoryRecorded],
        idempotency_key: str,
        within: float | None,
    ) -> tuple[list[str], int]:
        """Form memories; returns their ids and the seq to wait for. What is held in the same words has its id already.

        Raises MemoryExists, UnknownMemory, IdempotencyKeyReused, InvalidArgument, MindDeleted.
        """
        chosen = [_with_id(memory, mind_id, idempotency_key, place) for place, memory in enumerate(memories)]

        def plan(stored: Reader, held: Mind) -> Planned:
            drafts: list[Draft] = []
            ids: list[str] = []
            repeated: list[Draft] = []
            new: dict[str | None, str] = {}
            for place, memory in enumerate(chosen):
                event = mind.Event(mind_id=mind_id, kind="memory_recorded", remember=True)
                event.recorded_at.GetCurrentTime()
                event.body.memory_recorded.CopyFrom(memory)
                (change,) = derive.changes(event)
                assert isinstance(change, derive.Add)
                sameness = derive.sameness(change.row)
                same = stored.in_the_same_words(held, sameness) if sameness else None
                if same is not None and derive.says_again(change.row, same[1]):
                    ids.append(same[1].memory_id)
                    continue
                if not memories[place].memory_id and stored.has(held, memory.memory_id):
                    # Its id follows from the key: this call was made before, whatever became of the memory since.
                    ids.append(memory.memory_id)
                    repeated.append(Draft(event.body, _event_key(idempotency_key, place)))
                    continue
                if sameness in new:
                    ids.append(new[sameness])
                    continue
                if stored.has(held, memory.memory_id) or memory.memory_id in new.values():
                    raise MemoryExists(
                        f"mind {mind_id!r} has or had a memory {memory.memory_id!r}",
                        memory_id=memory.memory_id,
                    )
                for other in memory.contradicts:
                    _check_held(stored, held, mind_id, other)
                _check_sources(held, memory.source_seqs, f"memories[{place}]")
                new[sameness] = memory.memory_id
                ids.append(memory.memory_id)
                drafts.append(Draft(event.body, _event_key(idempotency_key, place)))
            return Planned(drafts, ids, repeated)

        planned, seq = await self._append(mind_id, plan, within)
        return planned.memory_ids, seq

    async def change(
        self, mind_id: str, bodies: Sequence[mind.Body], idempotency_key: str, within: float | None
    ) -> int:
        """Revise, retract or rate memories; returns the seq to wait for.

        Raises UnknownMemory, MemoryRetracted, IdempotencyKeyReused, InvalidArgument, MindDeleted.
        """
        drafts = [Draft(body, _event_key(idempotency_key, place)) for place, body in enumerate(bodies)]

        def plan(stored: Reader, held: Mind) -> Planned:
            retracted: set[str] = set()
            for place, body in enumerate(bodies):
                kind = body.WhichOneof("kind") or ""
                event = getattr(body, kind)
                if event.memory_id in retracted:
                    raise _retracted(mind_id, event.memory_id)
                _check_held(stored, held, mind_id, event.memory_id)
                if kind == "memory_revised":
                    _check_sources(held, event.source_seqs, f"revisions[{place}]")
                if kind == "memory_retracted":
                    retracted.add(event.memory_id)
                    if event.superseded_by:
                        _check_held(stored, held, mind_id, event.superseded_by)
            return Planned(drafts, [])

        if idempotency_key:
            # What was done already cannot be done twice, so the ledger is asked before anything is checked.
            try:
                return await self._ledger.append(mind_id, drafts, _NEVER)
            except WrongSeq:
                pass
        _, seq = await self._append(mind_id, plan, within)
        return seq

    async def _append(self, mind_id: str, plan: Plan, within: float | None) -> tuple[Planned, int]:
        head = await self._ledger.head(mind_id)
        for attempt in range(_ATTEMPTS):
            await self._follower.reach(mind_id, head, within)
            planned = await self._in_search(lambda: self._planned(mind_id, plan))
            if planned.repeated:
                await self._said_before(mind_id, planned.repeated)
            if not planned.drafts:
                return planned, head
            expected = head if attempt < _ATTEMPTS - 1 else None
            try:
                seq = await self._ledger.append(mind_id, planned.drafts, expected)
                return planned, seq
            except WrongSeq as error:
                head = error.head
        raise AssertionError("the last attempt expects no seq")

    async def _said_before(self, mind_id: str, drafts: Sequence[Draft]) -> None:
        """Raise IdempotencyKeyReused where the ledger has other events under their keys."""
        # What was erased says nothing any more.
        with suppress(WrongSeq):
            await self._ledger.append(mind_id, drafts, _NEVER)

    def _planned(self, mind_id: str, plan: Plan) -> Planned:
        with self._store.read() as stored:
            held = stored.living(mind_id)
            assert held is not None, "it was processed up to its head"
            return plan(stored, held)


def _with_id(memory: mind.MemoryRecorded, mind_id: str, key: str, place: int) -> mind.MemoryRecorded:
    if memory.memory_id:
        return memory
    chosen = mind.MemoryRecorded()
    chosen.CopyFrom(memory)
    made = uuid.uuid5(_IDS, f"{mind_id}\0{key}\0{place}") if key else uuid.uuid4()
    chosen.memory_id = f"m-{made.hex[:16]}"
    return chosen


def _event_key(key: str, place: int) -> str:
    return f"memory-{uuid.uuid5(_IDS, key).hex}-{place}" if key else ""


def _check_held(stored: Reader, held: Mind, mind_id: str, memory_id: str) -> None:
    if not stored.has(held, memory_id):
        raise UnknownMemory(f"mind {mind_id!r} has no memory {memory_id!r}", memory_id=memory_id)
    if stored.current(held, memory_id) is None:
        raise _retracted(mind_id, memory_id)


def _check_sources(held: Mind, seqs: Sequence[int], path: str) -> None:
    """A memory came from what has happened: an event to come would be taken for its source, and forgotten with it."""
    if any(seq > held.seq for seq in seqs):
        raise InvalidArgument(
            [Violation(f"{path}.source_seqs", f"must be events that are there: up to {held.seq}")]
        )


def _retracted(mind_id: str, memory_id: str) -> MemoryRetracted:
    return MemoryRetracted(f"memory {memory_id!r} of mind {mind_id!r} was taken back", memory_id=memory_id)
