"""The conversations of a mind, and the messages in them that no answer has closed yet."""

from __future__ import annotations

from immutables import Map
from msgspec.structs import replace

from pmm.mind.v1 import events_pb2 as mind
from pmm.mind.v1.events_pb2 import Event
from services.orchestrator.projection import Projection, State
from services.orchestrator.times import nanoseconds


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
    assistant_messages: int = 0


class Sessions(State, frozen=True):
    """All conversations, by id, and the turns that are open."""

    by_id: Map[str, Session] = Map()
    open_turns: Map[int, str] = Map()
    """Seq of a user_message without its terminal event → its session."""

    to_analyze: Map[str, int] = Map()
    """Session → messages to it that no analysis has looked at."""

    def latest_first(self) -> list[Session]:
        return sorted(self.by_id.values(), key=lambda s: s.last_seq, reverse=True)


def started(state: Sessions, event: Event) -> Sessions:
    body = event.body.session_started
    if event.session_id in state.by_id:
        raise ValueError("it has begun already")
    new = replace(_new(event), title=body.title, privacy_mode=body.privacy_mode or mind.PRIVACY_MODE_NORMAL)
    return _with(state, new)


def renamed(state: Sessions, event: Event) -> Sessions:
    return _with(state, replace(_seen(state, event), title=event.body.session_renamed.title))


def mode_changed(state: Sessions, event: Event) -> Sessions:
    mode = event.body.privacy_mode_changed.privacy_mode
    return _with(state, replace(_seen(state, event), privacy_mode=mode or mind.PRIVACY_MODE_NORMAL))


def ended(state: Sessions, event: Event) -> Sessions:
    return _with(state, replace(_seen(state, event), ended_ns=nanoseconds(event.recorded_at)))


def imported(state: Sessions, event: Event) -> Sessions:
    session = _seen(state, event, make=True)
    return _with(state, replace(session, user_messages=session.user_messages + 1))


def asked(state: Sessions, event: Event) -> Sessions:
    session = _seen(state, event, make=True)
    counted = _with(state, replace(session, user_messages=session.user_messages + 1))
    opened = replace(counted, open_turns=counted.open_turns.set(event.seq, session.id))
    if not event.remember:
        return opened
    waiting = opened.to_analyze.get(session.id, 0) + 1
    return replace(opened, to_analyze=opened.to_analyze.set(session.id, waiting))


def answered(state: Sessions, event: Event) -> Sessions:
    session = _seen(state, event)
    counted = _with(state, replace(session, assistant_messages=session.assistant_messages + 1))
    return _turn_ended(counted, event)


def failed(state: Sessions, event: Event) -> Sessions:
    return _turn_ended(_with(state, _seen(state, event)), event)


def analyzed(state: Sessions, event: Event) -> Sessions:
    session_id = event.body.conversation_analyzed.session_id
    if session_id not in state.to_analyze:
        return state
    return replace(state, to_analyze=state.to_analyze.delete(session_id))


def _turn_ended(state: Sessions, event: Event) -> Sessions:
    return replace(state, open_turns=state.open_turns.delete(event.causation_seq))


def _new(event: Event) -> Session:
    now = nanoseconds(event.recorded_at)
    return Session(event.session_id, event.seq, event.seq, now, now)


def _seen(state: Sessions, event: Event, *, make: bool = False) -> Session:
    """The event's session as touched by it; an imported conversation begins with its first message."""
    if make and event.session_id not in state.by_id:
        return _new(event)
    return replace(
        state.by_id[event.session_id], last_seq=event.seq, last_event_ns=nanoseconds(event.recorded_at)
    )


def _with(state: Sessions, session: Session) -> Sessions:
    return replace(state, by_id=state.by_id.set(session.id, session))


FOLDS = {
    "session_started": started,
    "session_renamed": renamed,
    "privacy_mode_changed": mode_changed,
    "session_ended": ended,
    "message_imported": imported,
    "user_message": asked,
    "assistant_message": answered,
    "turn_failed": failed,
    "conversation_analyzed": analyzed,
}
SESSIONS = Projection(
    name="sessions",
    initial=Sessions(),
    folds=FOLDS,
    of_headers=frozenset(FOLDS) - {"privacy_mode_changed", "conversation_analyzed"},
)
