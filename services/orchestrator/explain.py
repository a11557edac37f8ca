"""Why an answer is what it is: its receipt, the sources, and what followed from it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pmm.mind.v1 import events_pb2 as mind
from services.orchestrator.errors import NotAnAnswer, UnknownAnswer
from services.orchestrator.peers import Peers

ANSWERS = ("assistant_message", "turn_failed")
MAX_CONSEQUENCES = 100
CONSEQUENCE_EVENTS = 1_000
"""How far behind the answer consequences are looked for: workers follow within seconds."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """An answer with everything that it was made from."""

    answer: mind.Event
    question: mind.Event | None
    memories: list[tuple[mind.RecalledMemory, list[mind.Event]]]
    recent: list[mind.Event]
    state: list[mind.Event]
    consequences: list[mind.Event]


async def explain(peers: Peers, mind_id: str, seq: int, session_id: str) -> Explanation:
    """The explanation of the answer at a seq; 0: the last one. Raises UnknownAnswer, NotAnAnswer."""
    answer = await peers.event(mind_id, seq) if seq else await _last(peers, mind_id, session_id)
    if answer.kind not in ANSWERS:
        raise NotAnAnswer(f"event {answer.seq} is {answer.kind}: only an answer can be explained")
    receipt = answer.body.assistant_message.receipt
    wanted = {source for memory in receipt.memories for source in memory.source_seqs}
    wanted |= {*receipt.recent_seqs, *receipt.state_seqs, answer.causation_seq}
    # One that others appended may name what is not there.
    events = {
        its_seq: await peers.event(mind_id, its_seq) for its_seq in sorted(wanted) if 0 < its_seq < answer.seq
    }

    def found(seqs: Iterable[int]) -> list[mind.Event]:
        return [events[its_seq] for its_seq in seqs if its_seq in events]

    question = events.get(answer.causation_seq)
    began_seq = question.seq if question else answer.seq
    causes = {answer.seq, began_seq}
    consequences = [
        event
        async for event in peers.read(mind_id, from_seq=began_seq + 1, limit=CONSEQUENCE_EVENTS)
        if (event.causation_seq in causes or _was_found_in(event, answer)) and event.seq != answer.seq
    ]
    return Explanation(
        answer,
        question,
        [(memory, found(memory.source_seqs)) for memory in receipt.memories],
        found(receipt.recent_seqs),
        found(receipt.state_seqs),
        consequences[:MAX_CONSEQUENCES],
    )


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
    raise UnknownAnswer(f"mind {mind_id!r} has not answered anything yet")
