"""Older conversation in few words: the summaries of each conversation that goes on, and what waits to be summarised.

What is said is counted in spans of ``SPAN_MESSAGES``. A summary stands for a span; one that covers others stands in
their place. A span whose summary was erased waits again. What is not to be remembered is never counted.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from immutables import Map
from msgspec.structs import replace

from pmm.mind.v1.events_pb2 import Event, SummaryRecorded
from services.orchestrator.projection import Projection, State

SPAN_MESSAGES = 12
"""Six turns: enough to have a subject, and no more than the recent turns of a prompt by default, so that a span is
summarised by the time its first message has left them."""
KEPT = 3
"""Summaries of a conversation in a prompt; where there are more, the two oldest become one."""
AT_ONCE = 8
"""Summaries of a conversation after one tick; what is left waits for the next."""
MAX_HELD = 16
"""Summaries of a conversation; the oldest go. More than a few there are only after an erasure."""
MAX_WAITING = 20
"""Spans of a conversation that are told apart; of more, the newest wait as one. So many there are only without a model
for long, after an erasure, or where the operator has the greatest number of recent turns stand in the prompt (200)."""
MAX_CONVERSATIONS = 64
"""The latest; what was said in others is found by memory alone."""


class Summary(State, frozen=True, array_like=True):
    """A summary of the messages between two seqs of its conversation."""

    seq: int
    from_seq: int
    to_seq: int
    text: str


class Span(State, frozen=True, array_like=True):
    """Messages that wait for their summary."""

    from_seq: int
    to_seq: int
    spans: int = 1
    """How many spans it is, about: whoever summarises it begins with the first."""


@dataclass(frozen=True, slots=True)
class Job:
    """What to summarise: the first span of the messages between two seqs, or the summaries that cover them."""

    from_seq: int
    to_seq: int
    summaries: tuple[Summary, ...] = ()


class Conversation(State, frozen=True, array_like=True):
    """One that goes on."""

    id: str
    from_seq: int = 0
    """Where the span that grows begins; 0: with the next message."""
    messages: int = 0
    """In the span that grows."""
    last_seq: int = 0
    waiting: tuple[Span, ...] = ()
    summaries: tuple[Summary, ...] = ()
    """Oldest first; they do not overlap."""

    def job(self, window: int) -> Job | None:
        """What is to be summarised now, where so many recent messages stand in the prompt as they were said."""
        first = self.waiting[0] if self.waiting else None
        # At once, so that a conversation far behind holds no more summaries than another one.
        if len(self.summaries) > KEPT:
            one, other = self.summaries[:2]
            if first is None or first.from_seq > other.to_seq:
                return Job(one.from_seq, other.to_seq, (one, other))
        if first is None:
            return None
        spans = sum(span.spans for span in self.waiting)
        spans += sum(one.from_seq > first.to_seq for one in self.summaries)
        is_left = SPAN_MESSAGES * spans + self.messages > window
        return Job(first.from_seq, first.to_seq) if is_left else None


class Summaries(State, frozen=True):
    """Of all conversations that go on."""

    by_session: Map[str, Conversation] = Map()
    erased_seq: int = 0
    """When words were last erased: a summary that was begun before may hold them."""

    def of(self, session_id: str) -> tuple[Summary, ...]:
        """The summaries of a conversation, oldest first."""
        known = self.by_session.get(session_id)
        return known.summaries if known else ()

    def job(self, session_id: str, window: int) -> Job | None:
        """What is to be summarised of a conversation now."""
        known = self.by_session.get(session_id)
        return known.job(window) if known else None


def said(state: Summaries, event: Event) -> Summaries:
    if not event.remember or not event.session_id:
        return state
    known = state.by_session.get(event.session_id) or Conversation(event.session_id)
    from_seq, messages, waiting = known.from_seq or event.seq, known.messages + 1, known.waiting
    if messages == SPAN_MESSAGES:
        waiting = _few((*waiting, Span(from_seq, event.seq)))
        from_seq, messages = 0, 0
    grown = Conversation(known.id, from_seq, messages, event.seq, waiting, known.summaries)
    return _with(state, grown)


def summarized(state: Summaries, event: Event) -> Summaries:
    body = event.body.summary_recorded
    if not 0 < body.from_seq <= body.to_seq < event.seq:
        raise ValueError("a summary of nothing")
    known = state.by_session.get(event.session_id)
    if known is None:
        # Of a conversation that ended meanwhile, or of one of too many.
        return state
    summaries = [one for one in known.summaries if not _covers(body.from_seq, body.to_seq, one)]
    if body.text:
        summaries.append(Summary(event.seq, body.from_seq, body.to_seq, body.text))
    summaries.sort(key=lambda one: one.to_seq)
    waiting = tuple(left for span in known.waiting for left in _left(span, body))
    return _with(state, replace(known, waiting=_few(waiting), summaries=tuple(summaries[-MAX_HELD:])))


def ended(state: Summaries, event: Event) -> Summaries:
    if event.session_id not in state.by_session:
        return state
    return replace(state, by_session=state.by_session.delete(event.session_id))


def erased(state: Summaries, event: Event) -> Summaries:
    return replace(state, erased_seq=event.seq)


def _covers(from_seq: int, to_seq: int, other: Summary) -> bool:
    return from_seq <= other.from_seq and other.to_seq <= to_seq


def _left(span: Span, body: SummaryRecorded) -> Iterator[Span]:
    """What waits on of a span after a summary."""
    if body.to_seq < span.from_seq or span.to_seq < body.from_seq:
        yield span
        return
    if span.from_seq < body.from_seq:
        yield Span(span.from_seq, body.from_seq - 1)
    next_seq = max(body.next_seq, body.to_seq + 1)
    if next_seq <= span.to_seq:
        yield Span(next_seq, span.to_seq, max(1, span.spans - 1))


def _few(waiting: tuple[Span, ...]) -> tuple[Span, ...]:
    """The newest two as one where one is too many, so that nothing is left out."""
    if len(waiting) <= MAX_WAITING:
        return waiting
    *others, one, last = waiting
    return (*others, Span(one.from_seq, last.to_seq, one.spans + last.spans))


def _with(state: Summaries, conversation: Conversation) -> Summaries:
    by_session = state.by_session
    if conversation.id not in by_session and len(by_session) >= MAX_CONVERSATIONS:
        oldest = min(by_session.values(), key=lambda one: one.last_seq)
        by_session = by_session.delete(oldest.id)
    return replace(state, by_session=by_session.set(conversation.id, conversation))


SUMMARIES = Projection(
    name="summaries",
    initial=Summaries(),
    folds={
        "user_message": said,
        "assistant_message": said,
        "summary_recorded": summarized,
        "session_ended": ended,
        "event_redacted": erased,
    },
    of_headers=frozenset({"user_message", "assistant_message", "session_ended", "event_redacted"}),
)
