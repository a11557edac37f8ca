"""What must always hold of a mind, checked from its snapshot and the clock alone. Pure; each violation is told once.

The codes are stable, and listed in docs/mind.md.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from pmm.mind.v1 import events_pb2 as mind
from services.orchestrator.projections.commitments import MAX_OPEN
from services.orchestrator.projections.directives import MAX_HELD
from services.orchestrator.projections.invariants import EVENT_REFUSED
from services.orchestrator.snapshot import Snapshot

TURN_OPEN, COMMITMENT_LIMIT, DIRECTIVE_LIMIT = "TURN_OPEN", "COMMITMENT_LIMIT", "DIRECTIVE_LIMIT"
CLOCK_BACKWARDS = "CLOCK_BACKWARDS"
SECOND_NS = 1_000_000_000
OPEN_TURN_NS = 900 * SECOND_NS
"""Longer than any turn takes."""
CLOCK_NS = 60 * SECOND_NS
"""So far two clocks may differ."""
REPEATED_NS = 86_400 * SECOND_NS
"""What goes on for long is told once a day."""


def violations(state: Snapshot, now_ns: int, running: Collection[int]) -> Iterator[mind.InvariantViolated]:
    """What does not hold and was not told of yet; ``running`` are the messages that are being answered."""
    refused = [seq for seq in state.refused if seq > state.invariants.refused_seq]
    if refused:
        yield _violated(EVENT_REFUSED, refused, "events that made no sense changed nothing")
    for seq in abandoned(state, now_ns, running):
        if not state.invariants.is_known(TURN_OPEN, (seq,)):
            yield _violated(TURN_OPEN, [seq], "a message has no answer, and nobody is answering it")
    lasting = {
        COMMITMENT_LIMIT: (
            len(state.commitments.by_id) >= MAX_OPEN,
            "as many commitments are open as can be",
        ),
        DIRECTIVE_LIMIT: (len(state.directives.by_id) >= MAX_HELD, "as many instructions hold as can"),
        CLOCK_BACKWARDS: (now_ns < state.last_event_ns - CLOCK_NS, "the last event lies in the future"),
    }
    for code, (is_so, message) in lasting.items():
        if is_so and not state.invariants.is_recent(code, state.last_event_ns - REPEATED_NS):
            yield _violated(code, [state.seq], message)


def abandoned(state: Snapshot, now_ns: int, running: Collection[int]) -> list[int]:
    """Messages without an answer that nobody has been answering for long."""
    return [
        seq
        for seq, turn in state.sessions.open_turns.items()
        if seq not in running and now_ns - turn.since_ns > OPEN_TURN_NS
    ]


def next_check(state: Snapshot, now_ns: int) -> int:
    """When an open turn will have been open for too long, in ns; 0 where none is open."""
    moments = [turn.since_ns + OPEN_TURN_NS + 1 for turn in state.sessions.open_turns.values()]
    return min((moment for moment in moments if moment > now_ns), default=0)


def _violated(code: str, seqs: list[int], message: str) -> mind.InvariantViolated:
    return mind.InvariantViolated(code=code, seqs=seqs, message=message)
