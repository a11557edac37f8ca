"""One chat: which session it is in, what is kept of it, and its last answer."""

from __future__ import annotations

from collections.abc import Callable

from pmm.mind.v1.events_pb2 import MindSettings
from pmm.orchestrator.v1.orchestrator_pb2 import Session
from pmm_client.cli.connection import CliError
from pmm_client.cli.options import time_zone
from pmm_client.errors import UnknownMind
from pmm_client.mind import Mind
from pmm_client.names import Privacy, privacy_name
from pmm_client.reply import Reply


class Conversation:
    """Turns with a mind. The mind is made by the first turn if it is not there."""

    def __init__(self, mind: Mind, privacy: Privacy = "normal") -> None:
        self.mind = mind
        self.session = ""
        """Empty before the first turn of a new session."""
        self.privacy: Privacy = privacy
        self.last: Reply | None = None
        """The last complete answer."""
        self._kept_session = ""

    async def resume(self, session_id: str) -> None:
        """Go on with a session. Raises UnknownMind, UnknownSession, and CliError where it has ended."""
        session = await self.mind.session(session_id)
        if session.HasField("ended_at"):
            raise CliError(
                f"the session {session_id} has ended: leave --session out to begin another, "
                "or go on with the last open one with --continue"
            )
        self._go_on(session)

    async def resume_latest(self) -> None:
        """Go on with the open session in which something happened last; with a new one where there is none.

        A history that was imported is no session to go on with, until somebody has.
        """
        try:
            async for session in self.mind.sessions():
                is_history = session.imported_messages and not session.user_messages
                if not session.HasField("ended_at") and not is_history:
                    self._go_on(session)
                    return
        except UnknownMind:
            return

    def _go_on(self, session: Session) -> None:
        self.session, self.privacy = session.session_id, privacy_name(session.privacy_mode)

    async def say(self, text: str, write: Callable[[str], None]) -> Reply:
        """Say something; ``write`` gets the answer as it is made."""
        try:
            return await self._turn(text, write)
        except UnknownMind:
            await self.mind.create(settings=MindSettings(time_zone=time_zone()), exist_ok=True)
            return await self._turn(text, write)

    async def _turn(self, text: str, write: Callable[[str], None]) -> Reply:
        async with self.mind.chat(text, session=self.session, privacy=self.privacy) as reply:
            try:
                async for piece in reply:
                    write(piece)
            finally:
                if reply.session_id:
                    self.session, self.privacy = reply.session_id, reply.privacy
        self.last = reply
        return reply

    async def set_privacy(self, privacy: Privacy) -> None:
        """Change what is kept from the next turn on. Incognito is a session of its own."""
        if self.privacy == "incognito" and privacy != "incognito":
            # Back to the record: nothing of the incognito session goes along.
            self.session, self._kept_session = self._kept_session, ""
            self.last = None
        elif privacy == "incognito" and self.privacy != "incognito":
            self._kept_session = self.session
            self.last = None
        if self.session:
            self.session = (await self.mind.set_privacy(self.session, privacy)).session_id
        self.privacy = privacy
