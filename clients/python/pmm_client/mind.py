"""One mind, as an application uses it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from pmm.inference.v1.inference_pb2 import Sampling
from pmm.mind.v1.events_pb2 import MindSettings
from pmm.orchestrator.v1 import orchestrator_pb2 as pb
from pmm_client.errors import MindExists
from pmm_client.made import made
from pmm_client.messages import Imported, Message, batches, timestamp
from pmm_client.names import Privacy, privacy_mode
from pmm_client.recorded import ERASE_TIMEOUT_S, Progress, Recorded
from pmm_client.remembering import Remembering
from pmm_client.reply import Reply
from pmm_client.retries import new_key, retried
from pmm_client.selfhood import Selfhood

if TYPE_CHECKING:
    from pmm_client.client import Client

__all__ = ["ERASE_TIMEOUT_S", "Mind", "Progress"]


class Mind(Selfhood, Remembering, Recorded):
    """One mind of a client: ``client.mind("ada")``. What it returns are the contracts' messages."""

    def __init__(self, client: Client, mind_id: str) -> None:
        self._client = client
        self.mind_id = mind_id

    async def create(
        self,
        *,
        name: str = "",
        settings: MindSettings | None = None,
        exist_ok: bool = False,
        idempotency_key: str = "",
    ) -> pb.Mind:
        """Make the mind. Raises MindExists, or with ``exist_ok`` returns the one that is there."""
        request = made(
            pb.CreateMindRequest,
            mind_id=self.mind_id,
            name=name,
            settings=settings,
            idempotency_key=idempotency_key or new_key(),
        )
        create = self._client.orchestrator.create_mind
        try:
            return (await retried(lambda: create(request, timeout=self._client.timeout))).mind
        except MindExists:
            if not exist_ok:
                raise
            return await self.show()

    async def show(self, *, as_of_seq: int | None = None, min_seq: int = 0) -> pb.Mind:
        """The bounded state of the mind, now or as it was at a seq."""
        request = made(pb.GetMindRequest, mind_id=self.mind_id, as_of_seq=as_of_seq, min_seq=min_seq)
        return (await self._client.orchestrator.get_mind(request, timeout=self._client.timeout)).mind

    async def make_default(self, *, why: str = "") -> int:
        """Make it the mind that is meant where the token's owner names none; the seq of the mark, 0 if it was so."""
        request = made(pb.SetDefaultMindRequest, mind_id=self.mind_id, why=why)
        return (await self._client.orchestrator.set_default_mind(request, timeout=self._client.timeout)).seq

    def chat(
        self,
        text: str,
        *,
        session: str = "",
        privacy: Privacy = "normal",
        speaker: str = "",
        model: str = "",
        sampling: Sampling | None = None,
        query_time: datetime | None = None,
        idempotency_key: str = "",
        timeout: float | None = None,
    ) -> Reply:
        """Say something; iterate or await what is returned for the answer.

        ``session`` goes on with a conversation; without it a new one begins, with ``privacy``, and the reply
        names it. ``timeout`` in seconds is for the whole answer; None: as long as the model takes.
        """
        request = made(
            pb.ConverseRequest,
            mind_id=self.mind_id,
            session_id=session,
            text=text,
            idempotency_key=idempotency_key or new_key(),
            model=model,
            sampling=sampling,
            query_time=timestamp(query_time),
            speaker=speaker,
            privacy_mode=privacy_mode(privacy),
        )
        return Reply(lambda: self._client.orchestrator.converse(request, timeout=timeout))

    async def import_messages(
        self, messages: Iterable[Message], *, on_progress: Callable[[Imported], None] | None = None
    ) -> Imported:
        """Append history: searchable, never answered. Importing again what is there changes nothing."""
        done = Imported()
        for request in batches(self.mind_id, messages):
            answer = await self._client.orchestrator.import_messages(request, timeout=self._client.timeout)
            done = Imported(done.appended + answer.appended, done.existed + answer.existed, answer.head_seq)
            if on_progress:
                on_progress(done)
        return done

    async def explain(self, seq: int = 0, *, session: str = "") -> pb.ExplainResponse:
        """What an answer was made from; with seq 0 the last one, of a session where one is named."""
        request = made(pb.ExplainRequest, mind_id=self.mind_id, seq=seq, session_id=session)
        return await self._client.orchestrator.explain(request, timeout=self._client.timeout)

    async def blast_radius(self, seq: int) -> list[pb.ReachedEvent]:
        """Everything that an event reached, nearest first. Raises UnknownEvent."""
        request = made(pb.BlastRadiusRequest, mind_id=self.mind_id, seq=seq)
        pages = self._client.orchestrator.blast_radius(request, timeout=ERASE_TIMEOUT_S)
        return [event async for page in pages for event in page.events]

    async def forget(
        self, seq: int, *, why: str = "", on_progress: Callable[[pb.ForgetResponse], None] | None = None
    ) -> list[int]:
        """Erase an event and whatever carries its words, from every file; the seqs of all. Raises UnknownEvent.

        The server goes on with it when this is cancelled.
        """
        redacted: list[int] = []
        request = made(pb.ForgetRequest, mind_id=self.mind_id, seq=seq, why=why)
        async for step in self._client.orchestrator.forget(request, timeout=ERASE_TIMEOUT_S):
            redacted = list(step.redacted_seqs)
            if on_progress:
                on_progress(step)
        return redacted

    async def commitments(
        self,
        *,
        status: pb.CommitmentStatus.ValueType = pb.COMMITMENT_STATUS_UNSPECIFIED,
        project: str = "",
        min_seq: int = 0,
        as_of_seq: int | None = None,
    ) -> AsyncGenerator[pb.Commitment]:
        """Commitments in order of priority; those that are closed or expired, the latest end first, by their status."""
        request = made(
            pb.ListCommitmentsRequest,
            mind_id=self.mind_id,
            status=status,
            project=project,
            min_seq=min_seq,
            as_of_seq=as_of_seq,
        )
        while True:
            page = await self._client.orchestrator.list_commitments(request, timeout=self._client.timeout)
            for commitment in page.commitments:
                yield commitment
            if not (token := page.next_page_token):
                return
            request.page_token = token

    # Conversations

    async def start_session(
        self, session: str = "", *, title: str = "", privacy: Privacy = "normal", idempotency_key: str = ""
    ) -> pb.Session:
        """Begin a conversation; without an id one is made."""
        request = made(
            pb.StartSessionRequest,
            mind_id=self.mind_id,
            session_id=session,
            title=title,
            privacy_mode=privacy_mode(privacy),
            idempotency_key=idempotency_key or new_key(),
        )
        return (
            await retried(
                lambda: self._client.orchestrator.start_session(request, timeout=self._client.timeout)
            )
        ).session

    async def session(self, session: str, *, as_of_seq: int | None = None) -> pb.Session:
        """One conversation. Raises UnknownSession."""
        request = made(pb.GetSessionRequest, mind_id=self.mind_id, session_id=session, as_of_seq=as_of_seq)
        return (await self._client.orchestrator.get_session(request, timeout=self._client.timeout)).session

    async def sessions(self, *, as_of_seq: int | None = None) -> AsyncGenerator[pb.Session]:
        """Conversations, latest first."""
        request = made(pb.ListSessionsRequest, mind_id=self.mind_id, as_of_seq=as_of_seq)
        while True:
            page = await self._client.orchestrator.list_sessions(request, timeout=self._client.timeout)
            for session in page.sessions:
                yield session
            if not (token := page.next_page_token):
                return
            request.page_token = token

    async def rename_session(self, session: str, title: str) -> pb.Session:
        """Give a conversation another title."""
        request = made(pb.RenameSessionRequest, mind_id=self.mind_id, session_id=session, title=title)
        return (await self._client.orchestrator.rename_session(request, timeout=self._client.timeout)).session

    async def set_privacy(self, session: str, privacy: Privacy, *, idempotency_key: str = "") -> pb.Session:
        """Set what is kept from the next turn on. Go on with the session that it returns: maybe another."""
        request = made(
            pb.SetPrivacyModeRequest,
            mind_id=self.mind_id,
            session_id=session,
            privacy_mode=privacy_mode(privacy),
            idempotency_key=idempotency_key or new_key(),
        )
        answer = await retried(
            lambda: self._client.orchestrator.set_privacy_mode(request, timeout=self._client.timeout)
        )
        return answer.session

    async def end_session(self, session: str) -> pb.Session:
        """End a conversation. Ending it twice is harmless."""
        request = made(pb.EndSessionRequest, mind_id=self.mind_id, session_id=session)
        return (await self._client.orchestrator.end_session(request, timeout=self._client.timeout)).session
