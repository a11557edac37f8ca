"""The conversations of a mind that were touched lately, and the messages that no answer has closed yet.

Bounded, however many conversations there are: the others lie in a table (``services.orchestrator.session_table``). A
conversation that was forgotten here comes back with nothing but the table, for no fold can know what it was like.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from immutables import Map
from msgspec.structs import replace

from pmm.mind.v1 import events_pb2 as mind
from pmm.mind.v1.events_pb2 import Event
from services.orchestrator.projection import Projection, State
from services.runtime.times import nanoseconds

RECENT = 128
"""So many are kept at least; at twice as many the others are forgotten."""
MAX_WAITING = 512
"""Conversations that wait for their analysis; beyond, the one that was touched longest ago is given up."""
MESSAGES = frozenset({"message_imported", "user_message", "assistant_message", "turn_failed"})
"""What may also happen outside any conversation."""


class Session(State, frozen=True, array_like=True):
    """One conversation. Times in ns since 1970 UTC, 0 where there is none."""

    id: str
    first_seq: int
    last_seq: int
    started_ns: int
    last_event_ns: int
    title: str = ""
    privacy_mode: int = mind.PRIVACY_MODE_NORMAL
    ended_ns: int = 0
    user_messages: int = 0
    """Said to the mind."""
    assistant_messages: int = 0
    imported_messages: int = 0
    """Said elsewhere, by whomever."""


class Waiting(State, frozen=True, array_like=True):
    """A conversation with messages that no tick has had analysed."""

    messages: int
    last_seq: int
    is_ended: bool = False


class OpenTurn(State, frozen=True, array_like=True):
    """A message without its terminal event."""

    session_id: str
    since_ns: int
    remember: bool


class Sessions(State, frozen=True):
    """What a turn and the supervisor need of conversations."""

    seq: int = 0
    """The last event that concerns a conversation."""
    recent: Map[str, Session] = Map()
    """Those that were touched last, by id, each as a whole."""
    forgotten_seq: int = 0
    """The last event that concerns a conversation which is not among them; 0: all there are are among them."""
    open_turns: Map[int, OpenTurn] = Map()
    """By seq of a user_message without its terminal event. Those that run, and those that were cut off until
    the mind is opened: few, for a turn waits for the one before."""
    to_analyze: Map[str, Waiting] = Map()
    """By session."""


def mode_told(event: Event) -> mind.PrivacyMode.ValueType:
    """What a session_started or privacy_mode_changed says is kept from then on: NORMAL or PAUSED.

    It fails closed. Where that was erased, or no mode of a kept conversation is named, nothing is to be remembered.
    """
    if event.redacted:
        return mind.PRIVACY_MODE_PAUSED
    told = getattr(event.body, event.kind).privacy_mode
    is_normal = told in (mind.PRIVACY_MODE_UNSPECIFIED, mind.PRIVACY_MODE_NORMAL)
    return mind.PRIVACY_MODE_NORMAL if is_normal else mind.PRIVACY_MODE_PAUSED


def touched(known: Session | None, event: Event) -> Session:
    """A conversation after an event of one of the kinds ``TOUCHING``; None: it was not there before.

    Raises KeyError where it does not begin with such an event, ValueError where it has begun already.
    """
    now = nanoseconds(event.recorded_at)
    if event.kind == "session_started":
        if known is not None:
            raise ValueError("it has begun already")
        title = event.body.session_started.title
        return Session(event.session_id, event.seq, event.seq, now, now, title, mode_told(event))
    if known is None:
        if event.kind not in _BEGINNING:
            raise KeyError(event.session_id)
        # An imported conversation begins with its first message.
        known = Session(event.session_id, event.seq, event.seq, now, now)
    return replace(known, last_seq=event.seq, last_event_ns=now, **TOUCHING[event.kind](known, event))


def _renamed(_known: Session, event: Event) -> dict[str, Any]:
    return {"title": event.body.session_renamed.title}


def _mode_changed(_known: Session, event: Event) -> dict[str, Any]:
    return {"privacy_mode": mode_told(event)}


def _ended(_known: Session, event: Event) -> dict[str, Any]:
    return {"ended_ns": nanoseconds(event.recorded_at)}


def _asked(known: Session, _event: Event) -> dict[str, Any]:
    return {"user_messages": known.user_messages + 1}


def _answered(known: Session, _event: Event) -> dict[str, Any]:
    return {"assistant_messages": known.assistant_messages + 1}


def _imported(known: Session, _event: Event) -> dict[str, Any]:
    return {"imported_messages": known.imported_messages + 1}


def _nothing(_known: Session, _event: Event) -> dict[str, Any]:
    return {}


TOUCHING: Mapping[str, Callable[[Session, Event], dict[str, Any]]] = {
    "session_started": _nothing,
    "session_renamed": _renamed,
    "privacy_mode_changed": _mode_changed,
    "session_ended": _ended,
    "message_imported": _imported,
    "user_message": _asked,
    "assistant_message": _answered,
    "turn_failed": _nothing,
}
"""By kind: what an event changes of its conversation, but for its last event."""
_BEGINNING = frozenset({"message_imported", "user_message"})


def happened(state: Sessions, event: Event) -> Sessions:
    """An event of one of the kinds ``TOUCHING``, in a conversation or outside any."""
    if not event.session_id:
        if event.kind not in MESSAGES:
            raise ValueError("a conversation has an id")
        return state
    known = state.recent.get(event.session_id)
    if known is None and state.forgotten_seq and event.kind != "session_started":
        return replace(state, seq=event.seq, forgotten_seq=event.seq)
    session = touched(known, event)
    recent, forgotten_seq = state.recent.set(session.id, session), state.forgotten_seq
    if len(recent) > 2 * RECENT:
        latest_first = sorted(recent.values(), key=lambda one: one.last_seq, reverse=True)
        recent = Map({one.id: one for one in latest_first[:RECENT]})
        forgotten_seq = max(forgotten_seq, latest_first[RECENT].last_seq)
    return replace(state, seq=event.seq, recent=recent, forgotten_seq=forgotten_seq)


def ended(state: Sessions, event: Event) -> Sessions:
    after = happened(state, event)
    waiting = after.to_analyze.get(event.session_id)
    if waiting is None:
        return after
    return replace(after, to_analyze=after.to_analyze.set(event.session_id, replace(waiting, is_ended=True)))


def asked(state: Sessions, event: Event) -> Sessions:
    after = happened(state, event)
    turn = OpenTurn(event.session_id, nanoseconds(event.recorded_at), event.remember)
    opened = replace(after, open_turns=after.open_turns.set(event.seq, turn))
    # What the analysis would not read does not wait for it.
    if not event.remember or event.redacted or not event.session_id:
        return opened
    before = opened.to_analyze.get(event.session_id) or Waiting(0, 0)
    waiting = opened.to_analyze.set(
        event.session_id, replace(before, messages=before.messages + 1, last_seq=event.seq)
    )
    if len(waiting) > MAX_WAITING:
        waiting = waiting.delete(min(waiting, key=lambda its_id: waiting[its_id].last_seq))
    return replace(opened, to_analyze=waiting)


def terminal(state: Sessions, event: Event) -> Sessions:
    after = happened(state, event)
    return replace(after, open_turns=after.open_turns.delete(event.causation_seq))


def ticked(state: Sessions, event: Event) -> Sessions:
    """The worker takes it from here: it may find nothing to say, and what it fails at is left as a dead letter."""
    named = set(event.body.tick_recorded.analyzed_session_ids)
    waiting = state.to_analyze
    for session_id in named.intersection(waiting):
        waiting = waiting.delete(session_id)
    return replace(state, to_analyze=waiting) if named else state


SESSIONS = Projection(
    name="sessions",
    initial=Sessions(),
    folds=dict.fromkeys(TOUCHING, happened)
    | {
        "session_ended": ended,
        "user_message": asked,
        "assistant_message": terminal,
        "turn_failed": terminal,
        "tick_recorded": ticked,
    },
    of_headers=frozenset(TOUCHING),
)
