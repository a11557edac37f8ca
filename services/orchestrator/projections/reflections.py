"""What a mind thought of itself lately, how new each thought was, and what the next one waits for."""

from __future__ import annotations

import re

from msgspec.structs import replace

from pmm.mind.v1.events_pb2 import Event
from services.orchestrator.projection import Projection, State
from services.orchestrator.projections.numbers import within
from services.runtime.times import nanoseconds

COMPARED = 10
"""A reflection is compared with so many before it."""
_WORD = re.compile(r"\w+")


class Reflection(State, frozen=True):
    """One reflection."""

    seq: int
    text: str
    trigger: str
    style: int
    novelty: float
    """1 less the greatest overlap with those before it."""
    recorded_ns: int


class Reflections(State, frozen=True):
    """The latest, oldest first."""

    recent: tuple[Reflection, ...] = ()
    count: int = 0
    turns_since: int = 0
    """Answers since the last one."""
    since_meta: int = 0
    """Reflections since the last look at how they worked."""
    opened: int = 0
    closed: int = 0
    """Commitments since the last look at how reflections worked."""
    meta_seq: int = 0
    efficacy: float = 0.0
    """Of that look: closed over opened, from 0 to 1."""


def reflected(state: Reflections, event: Event) -> Reflections:
    body = event.body.reflection_recorded
    new = Reflection(
        event.seq,
        body.text,
        body.trigger,
        body.style,
        novelty(body.text, state.recent),
        nanoseconds(event.recorded_at),
    )
    return replace(
        state,
        recent=(*state.recent, new)[-COMPARED:],
        count=state.count + 1,
        since_meta=state.since_meta + 1,
        turns_since=0,
    )


def looked_back(state: Reflections, event: Event) -> Reflections:
    efficacy = within(event.body.meta_reflection_recorded.efficacy, 0, 1, "an efficacy")
    return replace(state, opened=0, closed=0, since_meta=0, meta_seq=event.seq, efficacy=efficacy)


def answered(state: Reflections, event: Event) -> Reflections:
    # What is not to be remembered is nothing to think about.
    if not event.remember:
        return state
    return replace(state, turns_since=state.turns_since + 1)


def opened(state: Reflections, _event: Event) -> Reflections:
    return replace(state, opened=state.opened + 1)


def closed(state: Reflections, _event: Event) -> Reflections:
    return replace(state, closed=state.closed + 1)


def novelty(text: str, before: tuple[Reflection, ...]) -> float:
    """From 0 (said before) to 1 (shares no three letters in a row with any)."""
    mine = _trigrams(text)
    return 1 - max((_overlap(mine, _trigrams(other.text)) for other in before), default=0.0)


def _overlap(one: frozenset[str], other: frozenset[str]) -> float:
    """Jaccard's."""
    together = one | other
    return len(one & other) / len(together) if together else 1.0


def _trigrams(text: str) -> frozenset[str]:
    words = " ".join(_WORD.findall(text.lower()))
    plain = f" {words} "
    return frozenset(plain[i : i + 3] for i in range(len(plain) - 2))


REFLECTIONS = Projection(
    name="reflections",
    initial=Reflections(),
    folds={
        "reflection_recorded": reflected,
        "meta_reflection_recorded": looked_back,
        "assistant_message": answered,
        "commitment_opened": opened,
        "commitment_closed": closed,
    },
    of_headers=frozenset({"assistant_message"}),
)
