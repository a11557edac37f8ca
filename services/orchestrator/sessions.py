"""What can be done with a session: start, rename, end, change its privacy mode."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from msgspec.structs import replace

from pmm.mind.v1 import events_pb2 as mind
from services.orchestrator.active_mind import ActiveMind
from services.orchestrator.errors import SessionEnded, SessionExists, UnknownSession
from services.orchestrator.incognito import Conversation, Incognito
from services.orchestrator.minds import Minds
from services.orchestrator.peers import Peers
from services.orchestrator.projections.sessions import Session
from services.orchestrator.projections.summaries import Summary
from services.orchestrator.repeats import came_before, digest, key_of
from services.orchestrator.session_table.following import Behind, Page, SessionTable
from services.orchestrator.slots import Slots
from services.orchestrator.snapshot import Snapshot
from services.orchestrator.terms import Draft


class SessionActions:
    """Each action decides from the state and appends what it decided."""

    def __init__(
        self, minds: Minds, peers: Peers, table: SessionTable, incognito: Incognito, slots: Slots
    ) -> None:
        self._minds = minds
        self._peers = peers
        self._table = table
        self._incognito = incognito
        self._slots = slots

    async def start(self, mind_id: str, session_id: str, title: str, mode: int, key: str = "") -> Session:
        """The same once more under the same idempotency key. Raises SessionExists, IdempotencyKeyReused."""
        active = await self._minds.open(mind_id)
        is_unseen = mode == mind.PRIVACY_MODE_INCOGNITO
        distinct = digest(f"session {key}") if key else uuid.uuid4().hex
        chosen = session_id or f"{'incognito' if is_unseen else 's'}-{distinct[:12]}"
        body = mind.SessionStarted(title=title, privacy_mode=mode)  # type: ignore[arg-type]
        begun = Draft(
            mind.Body(session_started=body),
            session_id=chosen,
            idempotency_key=key_of("start_session", key),
            refuse_erased=True,
        )
        unseen: list[Conversation] = []

        def decide(known: Session | None) -> list[Draft]:
            conversation = self._incognito.get(mind_id, chosen)
            if is_unseen and conversation and key and conversation.begun_by == key:
                unseen.append(conversation)
                return []
            if known is not None or conversation is not None:
                raise SessionExists(f"mind {mind_id!r} has a session {chosen!r} already", session_id=chosen)
            if is_unseen:
                unseen.append(self._incognito.start(mind_id, chosen, key))
                return []
            return [begun]

        try:
            state = await self._decided(active, chosen, decide)
        except SessionExists:
            # What is begun incognito is not shown to the ledger, be it only to be compared.
            if is_unseen or await came_before(self._peers, mind_id, begun) is None:
                raise
            state = active.snapshot
        return unkept(unseen[0]) if unseen else await self._session(active, state, chosen)

    async def get(
        self, mind_id: str, session_id: str, as_of_seq: int | None = None
    ) -> tuple[Session, tuple[Summary, ...]]:
        """A conversation, and what was said in it longer ago. Raises UnknownSession, BeyondHead.

        An incognito one is in no ledger, and as it is.
        """
        state = await self._minds.as_of(mind_id, as_of_seq)
        conversation = self._incognito.get(mind_id, session_id)
        if conversation is not None:
            return unkept(conversation), ()
        found = _known(await self._table.find(mind_id, state, session_id), mind_id, session_id)
        return found, state.summaries.of(session_id)

    async def page(self, mind_id: str, place: str, size: int, as_of_seq: int | None) -> Page:
        """Latest first; incognito ones are not listed. Raises BeyondHead."""
        return await self._table.page(mind_id, await self._minds.as_of(mind_id, as_of_seq), place, size)

    async def rename(self, mind_id: str, session_id: str, title: str) -> Session:
        """Raises UnknownSession."""

        def decide(session: Session | None) -> list[Draft]:
            if _known(session, mind_id, session_id).title == title:
                return []
            body = mind.Body(session_renamed=mind.SessionRenamed(title=title))
            return [Draft(body, session_id=session_id)]

        return await self._decide(await self._minds.open(mind_id), session_id, decide)

    async def end(self, mind_id: str, session_id: str) -> Session:
        """Once the turns before are finished. Raises UnknownSession."""

        def decide(session: Session | None) -> list[Draft]:
            if _known(session, mind_id, session_id).ended_ns:
                return []
            return [Draft(mind.Body(session_ended=mind.SessionEnded()), session_id=session_id)]

        async with self._slots.held(mind_id, session_id):
            active = await self._minds.open(mind_id)
            conversation = self._incognito.get(mind_id, session_id)
            if conversation is not None:
                self._incognito.end(mind_id, session_id)
                return unkept(conversation)
            return await self._decide(active, session_id, decide)

    async def set_mode(self, mind_id: str, session_id: str, mode: int, key: str = "") -> Session:
        """Going incognito starts a conversation of its own, and one for each idempotency key.

        Raises UnknownSession, SessionEnded.
        """
        active = await self._minds.open(mind_id)
        unseen = self._incognito.get(mind_id, session_id)
        if unseen is not None:
            if mode == mind.PRIVACY_MODE_INCOGNITO:
                return unkept(unseen)
            # What was said incognito stays there: the conversation that is kept is a new one.
            return await self.start(mind_id, "", "", mode, key)
        found = _known(await self._table.find(mind_id, active.snapshot, session_id), mind_id, session_id)
        if found.ended_ns:
            raise SessionEnded(f"session {session_id!r} has ended: start another one")
        if mode == mind.PRIVACY_MODE_INCOGNITO:
            return await self.start(mind_id, "", "", mode, key)

        def decide(session: Session | None) -> list[Draft]:
            if _known(session, mind_id, session_id).privacy_mode == mode:
                return []
            changed = mind.PrivacyModeChanged(privacy_mode=mode)  # type: ignore[arg-type]
            return [Draft(mind.Body(privacy_mode_changed=changed), session_id=session_id)]

        return await self._decide(active, session_id, decide)

    async def tell_mode_again(self, mind_id: str, session_id: str) -> None:
        """What told how much is kept of a conversation is about to be erased, which would pause it."""

        def decide(session: Session | None) -> list[Draft]:
            if session is None or session.ended_ns:
                return []
            told = mind.PrivacyModeChanged(privacy_mode=session.privacy_mode)  # type: ignore[arg-type]
            return [Draft(mind.Body(privacy_mode_changed=told), session_id=session_id)]

        await self._decided(await self._minds.open(mind_id), session_id, decide)

    async def _decide(
        self, active: ActiveMind, session_id: str, decide: Callable[[Session | None], list[Draft]]
    ) -> Session:
        """Append what is decided from a session, and return it as it is then."""
        return await self._session(active, await self._decided(active, session_id, decide), session_id)

    async def _session(self, active: ActiveMind, state: Snapshot, session_id: str) -> Session:
        return _known(await self._table.find(active.id, state, session_id), active.id, session_id)

    async def _decided(
        self, active: ActiveMind, session_id: str, decide: Callable[[Session | None], list[Draft]]
    ) -> Snapshot:
        def drafts(state: Snapshot) -> list[Draft]:
            return decide(self._table.now(active.id, state, session_id))

        while True:
            try:
                return await self._minds.decide(active, drafts)
            except Behind as behind:
                await self._table.reached(active.id, behind.seq)


def _known(session: Session | None, mind_id: str, session_id: str) -> Session:
    if session is None:
        raise UnknownSession(f"mind {mind_id!r} has no session {session_id!r}", session_id=session_id)
    return session


def unkept(conversation: Conversation) -> Session:
    """An incognito conversation as it is shown."""
    now = conversation.started_ns
    shown = Session(conversation.session_id, 0, 0, now, now, privacy_mode=mind.PRIVACY_MODE_INCOGNITO)
    half = len(conversation.said) // 2
    return replace(shown, user_messages=half, assistant_messages=half)
