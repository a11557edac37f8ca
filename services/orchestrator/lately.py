"""What was said lately in a mind's conversations, kept while the mind is active, so that a turn need not read it again.

It notes the events that the mind's state takes in, one by one and in order, and so stands where the state does. An
erasure empties it.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field

from pmm.mind.v1 import events_pb2 as mind
from services.orchestrator.terms import Said

SESSIONS = 4
"""Conversations of a mind that are kept; beyond them those go that nobody asked for longest."""
BEYOND = 2
"""More messages than are asked for: those of the turn that is being made do not belong to its own prompt."""


@dataclass(slots=True)
class Session:
    """The end of one conversation."""

    said: list[Said] = field(default_factory=lambda: [])
    is_whole: bool = False
    """Whether what was said before it was noted is there as well."""


class Lately:
    """The last messages of some sessions: so many of each, and no more characters than a prompt has room for."""

    def __init__(self, messages: int, characters: int) -> None:
        self._messages = messages
        self._characters = characters
        self._sessions: OrderedDict[str, Session] = OrderedDict()
        self.seq = 0
        """Of the last event that was noted."""

    def upto(self, session_id: str, seq: int) -> list[Said] | None:
        """What was said up to a seq, oldest first; None where that must be read."""
        session = self._sessions.get(session_id)
        if session is None or not session.is_whole:
            return None
        self._sessions.move_to_end(session_id)
        return [said for said in session.said if said.seq <= seq][-self._messages :]

    def begin(self, session_id: str) -> None:
        """Keep a session in which nothing was said yet."""
        self.reading(session_id).is_whole = True

    def reading(self, session_id: str) -> Session:
        """Call before a session is read: what is noted from now on comes behind it. Then ``read``."""
        session = self._sessions[session_id] = Session()
        self._sessions.move_to_end(session_id)
        if len(self._sessions) > SESSIONS:
            self._sessions.popitem(last=False)
        return session

    def read(self, session: Session, said: Sequence[Said], seq: int) -> None:
        """What was said up to a seq, of which no later event had been noted when ``reading`` was called.

        Where something was erased meanwhile the session is none of those that are kept any more.
        """
        session.said = self._trimmed([*said, *(later for later in session.said if later.seq > seq)])
        session.is_whole = True

    def note(self, event: mind.Event) -> None:
        """The next event of the mind; one that was noted before, as when the state is folded anew, changes nothing."""
        self.seq = max(self.seq, event.seq)
        if not self._sessions:
            return
        if event.kind in ("event_redacted", "mind_deleted"):
            self.clear()
            return
        session = self._sessions.get(event.session_id)
        if session is None or (session.said and event.seq <= session.said[-1].seq):
            return
        said = said_in(event)
        if said is not None:
            session.said = self._trimmed([*session.said, said])

    def clear(self) -> None:
        """Keep nothing."""
        self._sessions.clear()

    def _trimmed(self, said: list[Said]) -> list[Said]:
        first, room = len(said), self._characters
        least, longest = max(0, first - self._messages - BEYOND), room // 2
        while first > least and room >= 0:
            first -= 1
            length = len(said[first].text)
            # Of a longer one a prompt shows a part, beside which those before it find room.
            room -= length if length < longest else longest
        return said[first:]


def said_in(event: mind.Event) -> Said | None:
    """The message of an event; None where it is none, or was erased."""
    if event.redacted:
        return None
    match event.kind:
        case "user_message":
            return Said("user", event.body.user_message.text, event.seq)
        case "assistant_message":
            return Said("assistant", event.body.assistant_message.text, event.seq)
        case _:
            return None
