"""Why an answer is what it is: its receipt, the sources, and what followed from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from pmm.mind.v1 import events_pb2 as mind
from services.orchestrator.errors import NotAnAnswer, UnknownAnswer
from services.orchestrator.peers import Peers
from services.orchestrator.room import Room

ANSWERS = ("assistant_message", "turn_failed")
PART_EVENTS, PART_BYTES = 1_000, 512 * 1024
"""Of each part of an explanation: of the longest messages a few, of others far more than stand in a prompt."""
CONSEQUENCE_EVENTS = 1_000
"""How far behind the answer consequences are looked for: workers follow within seconds."""


@dataclass(slots=True)
class Shown:
    """Events of an explanation, and how many of them are not shown for want of room."""

    events: list[mind.Event] = field(default_factory=list[mind.Event])
    left_out: int = 0

    def take(self, event: mind.Event, room: Room) -> None:
        """One more, where there is room for it."""
        if room.take(event):
            self.events.append(event)
        else:
            self.left_out += 1


@dataclass(frozen=True, slots=True)
class Explanation:
    """An answer with what it was made from."""

    answer: mind.Event
    question: mind.Event | None
    memories: list[tuple[mind.RecalledMemory, Shown]]
    recent: Shown
    """The latest, oldest first."""
    state: Shown
    consequences: Shown


async def explain(peers: Peers, mind_id: str, seq: int, session_id: str) -> Explanation:
    """The explanation of the answer at a seq; 0: the last one. Raises UnknownAnswer, NotAnAnswer."""
    answer = await peers.event(mind_id, seq) if seq else await _last(peers, mind_id, session_id)
    if answer.kind not in ANSWERS:
        raise NotAnAnswer(f"event {answer.seq} is {answer.kind}: only an answer can be explained")
    receipt = answer.body.assistant_message.receipt
    before = _Before(peers, answer)
    question = await before.event(answer.causation_seq)
    room = Room(PART_EVENTS, PART_BYTES)
    memories = [(memory, await before.shown(memory.source_seqs, room)) for memory in receipt.memories]
    recent = await before.shown(receipt.recent_seqs[::-1], Room(PART_EVENTS, PART_BYTES))
    recent.events.reverse()
    state = await before.shown(receipt.state_seqs, Room(PART_EVENTS, PART_BYTES))
    return Explanation(
        answer, question, memories, recent, state, await _consequences(peers, answer, question)
    )


class _Before:
    """Events before an answer: one that others appended may name what is not there."""

    def __init__(self, peers: Peers, answer: mind.Event) -> None:
        self._peers = peers
        self._answer = answer

    async def event(self, seq: int) -> mind.Event | None:
        return await self._peers.event(self._answer.mind_id, seq) if 0 < seq < self._answer.seq else None

    async def shown(self, seqs: Sequence[int], room: Room) -> Shown:
        """The first of them, for which there is room; what is not shown is not read either."""
        shown = Shown()
        there = [seq for seq in seqs if 0 < seq < self._answer.seq]
        for number, seq in enumerate(there):
            if room.is_full:
                shown.left_out += len(there) - number
                break
            shown.take(await self._peers.event(self._answer.mind_id, seq), room)
        return shown


async def _consequences(peers: Peers, answer: mind.Event, question: mind.Event | None) -> Shown:
    began_seq = question.seq if question else answer.seq
    causes = {answer.seq, began_seq}
    shown, room = Shown(), Room(PART_EVENTS, PART_BYTES)
    async for event in peers.read(answer.mind_id, from_seq=began_seq + 1, limit=CONSEQUENCE_EVENTS):
        if (event.causation_seq in causes or _was_found_in(event, answer)) and event.seq != answer.seq:
            shown.take(event, room)
    return shown


def _was_found_in(event: mind.Event, answer: mind.Event) -> bool:
    """Whether it says what personal data the message held: it stands right after it, written by the same append."""
    return (
        event.kind == "personal_data_found"
        and event.seq == answer.causation_seq + 1
        and event.session_id == answer.session_id
    )


async def _last(peers: Peers, mind_id: str, session_id: str) -> mind.Event:
    sessions = (session_id,) if session_id else ()
    async for event in peers.read(mind_id, reverse=True, limit=1, kinds=ANSWERS, session_ids=sessions):
        return event
    where = f"session {session_id!r} of mind {mind_id!r}" if session_id else f"mind {mind_id!r}"
    raise UnknownAnswer(f"nothing has been answered in {where} yet")
