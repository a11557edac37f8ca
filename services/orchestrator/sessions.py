"""What can be done with a session: start, rename, end, change its privacy mode."""

from __future__ import annotations

import uuid

from msgspec.structs import replace

from pmm.mind.v1 import events_pb2 as mind
from services.orchestrator.errors import SessionEnded, SessionExists, UnknownSession
from services.orchestrator.incognito import Conversation, Incognito
from services.orchestrator.minds import Minds
from services.orchestrator.projections.sessions import Session
from services.orchestrator.snapshot import Snapshot
from services.orchestrator.terms import Draft


class SessionActions:
    """Each action decides from the state and appends what it decided."""

    def __init__(self, minds: Minds, incognito: Incognito) -> None:
        self._minds = minds
        self._incognito = incognito

    async def start(self, mind_id: str, session_id: str, title: str, mode: int) -> Session:
        """Raises SessionExists."""
        active = await self._minds.open(mind_id)
        if mode == mind.PRIVACY_MODE_INCOGNITO:
            return _shown(self._incognito.start(mind_id, session_id))
        chosen = session_id or f"s-{uuid.uuid4().hex[:12]}"

        def decide(state: Snapshot) -> list[Draft]:
            if chosen in state.sessions.by_id:
                raise SessionExists(f"mind {mind_id!r} has a session {chosen!r} already", session_id=chosen)
            body = mind.SessionStarted(title=title, privacy_mode=mode)  # type: ignore[arg-type]
            return [Draft(mind.Body(session_started=body), session_id=chosen)]

        return (await self._minds.decide(active, decide)).sessions.by_id[chosen]

    async def get(self, mind_id: str, session_id: str, as_of_seq: int | None = None) -> Session:
        """Raises UnknownSession, BeyondHead. An incognito one is in no ledger, and as it is."""
        state = await self._minds.as_of(mind_id, as_of_seq)
        conversation = self._incognito.get(mind_id, session_id)
        return _shown(conversation) if conversation else known(state, mind_id, session_id)

    async def listing(self, mind_id: str, as_of_seq: int | None) -> list[Session]:
        """Latest first; incognito ones are not listed. Raises BeyondHead."""
        return (await self._minds.as_of(mind_id, as_of_seq)).sessions.latest_first()

    async def rename(self, mind_id: str, session_id: str, title: str) -> Session:
        """Raises UnknownSession."""

        def decide(state: Snapshot) -> list[Draft]:
            if known(state, mind_id, session_id).title == title:
                return []
            body = mind.Body(session_renamed=mind.SessionRenamed(title=title))
            return [Draft(body, session_id=session_id)]

        active = await self._minds.open(mind_id)
        return (await self._minds.decide(active, decide)).sessions.by_id[session_id]

    async def end(self, mind_id: str, session_id: str) -> Session:
        """Raises UnknownSession."""
        active = await self._minds.open(mind_id)
        conversation = self._incognito.get(mind_id, session_id)
        if conversation is not None:
            self._incognito.end(mind_id, session_id)
            return _shown(conversation)

        def decide(state: Snapshot) -> list[Draft]:
            if known(state, mind_id, session_id).ended_ns:
                return []
            return [Draft(mind.Body(session_ended=mind.SessionEnded()), session_id=session_id)]

        return (await self._minds.decide(active, decide)).sessions.by_id[session_id]

    async def set_mode(self, mind_id: str, session_id: str, mode: int) -> Session:
        """Going incognito starts a conversation of its own. Raises UnknownSession, SessionEnded."""
        active = await self._minds.open(mind_id)
        if self._incognito.get(mind_id, session_id) is not None:
            if mode == mind.PRIVACY_MODE_INCOGNITO:
                return await self.get(mind_id, session_id)
            # What was said incognito stays there: the conversation that is kept is a new one.
            return await self.start(mind_id, "", "", mode)
        session = known(active.snapshot, mind_id, session_id)
        if session.ended_ns:
            raise SessionEnded(f"session {session_id!r} has ended: start another one")
        if mode == mind.PRIVACY_MODE_INCOGNITO:
            return _shown(self._incognito.start(mind_id))

        def decide(state: Snapshot) -> list[Draft]:
            if known(state, mind_id, session_id).privacy_mode == mode:
                return []
            changed = mind.PrivacyModeChanged(privacy_mode=mode)  # type: ignore[arg-type]
            return [Draft(mind.Body(privacy_mode_changed=changed), session_id=session_id)]

        return (await self._minds.decide(active, decide)).sessions.by_id[session_id]


def known(state: Snapshot, mind_id: str, session_id: str) -> Session:
    """Raises UnknownSession."""
    session = state.sessions.by_id.get(session_id)
    if session is None:
        raise UnknownSession(f"mind {mind_id!r} has no session {session_id!r}", session_id=session_id)
    return session


def _shown(conversation: Conversation) -> Session:
    now = conversation.started_ns
    shown = Session(conversation.session_id, 0, 0, now, now, privacy_mode=mind.PRIVACY_MODE_INCOGNITO)
    half = len(conversation.said) // 2
    return replace(shown, user_messages=half, assistant_messages=half)
