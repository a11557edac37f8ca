"""What a mind thought of itself lately, how new each thought was, and what the next one waits for."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator
from functools import cached_property

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
    recorded_ns: int


Compared = tuple[Reflection, float]
"""A reflection, and how new it was: 1 less the greatest overlap with those before it."""


class Latest(State, frozen=True, dict=True):
    """The latest reflections, and before them those with which they are compared, oldest first.

    They are compared when somebody wants to know: of many that are folded in a row only the last are looked at.
    """

    kept: tuple[Reflection, ...] = ()

    def and_(self, new: Reflection) -> Latest:
        """With one more."""
        return Latest((*self.kept, new)[-2 * COMPARED :])

    @cached_property
    def compared(self) -> tuple[Compared, ...]:
        """The latest ``COMPARED``."""
        found = zip(self.kept, novelties(one.text for one in self.kept), strict=True)
        return tuple(found)[-COMPARED:]


class Reflections(State, frozen=True):
    """The latest, oldest first."""

    latest: Latest = Latest()
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

    @property
    def recent(self) -> tuple[Reflection, ...]:
        """The latest ``COMPARED``."""
        return self.latest.kept[-COMPARED:]

    @property
    def compared(self) -> tuple[Compared, ...]:
        """The same, each with how new it was."""
        return self.latest.compared


def reflected(state: Reflections, event: Event) -> Reflections:
    return replace(
        state,
        latest=state.latest.and_(told(event)),
        count=state.count + 1,
        since_meta=state.since_meta + 1,
        turns_since=0,
    )


def told(event: Event) -> Reflection:
    """What a ``reflection_recorded`` holds."""
    body = event.body.reflection_recorded
    return Reflection(event.seq, body.text, body.trigger, body.style, nanoseconds(event.recorded_at))


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


def novelties(texts: Iterable[str]) -> Iterator[float]:
    """Of each, from 0 (said before) to 1 (shares no three letters in a row with any of the ``COMPARED`` before it)."""
    before = deque[frozenset[str]](maxlen=COMPARED)
    for text in texts:
        mine = _trigrams(text)
        yield 1 - max((_overlap(mine, other) for other in before), default=0.0)
        before.append(mine)


def _overlap(one: frozenset[str], other: frozenset[str]) -> float:
    """Jaccard's."""
    shared = len(one & other)
    together = len(one) + len(other) - shared
    return shared / together if together else 1.0


def _trigrams(text: str) -> frozenset[str]:
    words = " ".join(_WORD.findall(text.lower()))
    plain = f" {words} "
    return frozenset(map("".join, zip(plain, plain[1:], plain[2:], strict=False)))


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
