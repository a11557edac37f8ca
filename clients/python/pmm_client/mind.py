"""One mind, as an application uses it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, Callable, Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from pmm.inference.v1.inference_pb2 import Sampling
from pmm.ledger.v1 import ledger_pb2 as ledger
from pmm.memory.v1 import memory_pb2 as memory
from pmm.mind.v1.events_pb2 import (
    MEMORY_TYPE_FACT,
    Event,
    MemoryRated,
    MemoryRecorded,
    MemoryRetracted,
    MemoryRevised,
    MindSettings,
)
from pmm.orchestrator.v1 import orchestrator_pb2 as pb
from pmm_client.checkpoints import VerifierKey
from pmm_client.errors import BrokenChain, MindExists, Unavailable
from pmm_client.messages import Imported, Message, batches, timestamp
from pmm_client.names import Privacy, privacy_mode, short_name
from pmm_client.proofs import ProvedEvent, SignedCheckpoint, prove_event, signed_checkpoint
from pmm_client.reply import Reply
from pmm_client.retries import new_key, pause, retried
from pmm_client.selfhood import Selfhood

if TYPE_CHECKING:
    from pmm_client.client import Client

ERASE_TIMEOUT_S = 600.0
"""A mind of a million events takes the disk a while; the server goes on after it, too."""
Progress = Callable[[int, int], None]
"""Called with how much is done and how much there is."""


class Mind(Selfhood):
    """One mind of a client: ``client.mind("ada")``. What it returns are the contracts' messages."""

    def __init__(self, client: Client, mind_id: str) -> None:
        self._client = client
        self.mind_id = mind_id

    async def create(
        self, *, name: str = "", settings: MindSettings | None = None, exist_ok: bool = False
    ) -> pb.Mind:
        """Make the mind. Raises MindExists, or with ``exist_ok`` returns the one that is there."""
        request = pb.CreateMindRequest(mind_id=self.mind_id, name=name, settings=settings)
        create = self._client.orchestrator.create_mind

        async def call() -> pb.CreateMindResponse:
            return await create(request, timeout=self._client.timeout)

        if not exist_ok:
            # Not repeated: a second attempt could not tell its own first one from somebody else's.
            return (await call()).mind
        try:
            return (await retried(call)).mind
        except MindExists:
            return await self.show()

    async def show(self, *, as_of_seq: int | None = None, min_seq: int = 0) -> pb.Mind:
        """The bounded state of the mind, now or as it was at a seq."""
        request = pb.GetMindRequest(mind_id=self.mind_id, as_of_seq=as_of_seq, min_seq=min_seq)
        return (await self._client.orchestrator.get_mind(request, timeout=self._client.timeout)).mind

    async def make_default(self, *, why: str = "") -> int:
        """Make it the mind that is meant where the token's owner names none; the seq of the mark, 0 if it was so."""
        request = pb.SetDefaultMindRequest(mind_id=self.mind_id, why=why)
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
        request = pb.ConverseRequest(
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
        request = pb.ExplainRequest(mind_id=self.mind_id, seq=seq, session_id=session)
        return await self._client.orchestrator.explain(request, timeout=self._client.timeout)

    async def blast_radius(self, seq: int) -> list[pb.ReachedEvent]:
        """Everything that an event reached, nearest first. Raises UnknownEvent."""
        request = pb.BlastRadiusRequest(mind_id=self.mind_id, seq=seq)
        pages = self._client.orchestrator.blast_radius(request, timeout=ERASE_TIMEOUT_S)
        return [event async for page in pages for event in page.events]

    async def forget(
        self, seq: int, *, why: str = "", on_progress: Callable[[pb.ForgetResponse], None] | None = None
    ) -> list[int]:
        """Erase an event and whatever carries its words, from every file; the seqs of all. Raises UnknownEvent.

        The server goes on with it when this is cancelled.
        """
        redacted: list[int] = []
        request = pb.ForgetRequest(mind_id=self.mind_id, seq=seq, why=why)
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
        request = pb.ListCommitmentsRequest(
            mind_id=self.mind_id, status=status, project=project, min_seq=min_seq, as_of_seq=as_of_seq
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
        self, session: str = "", *, title: str = "", privacy: Privacy = "normal"
    ) -> pb.Session:
        """Begin a conversation; without an id one is made."""
        request = pb.StartSessionRequest(
            mind_id=self.mind_id, session_id=session, title=title, privacy_mode=privacy_mode(privacy)
        )
        return (await self._client.orchestrator.start_session(request, timeout=self._client.timeout)).session

    async def session(self, session: str, *, as_of_seq: int | None = None) -> pb.Session:
        """One conversation. Raises UnknownSession."""
        request = pb.GetSessionRequest(mind_id=self.mind_id, session_id=session, as_of_seq=as_of_seq)
        return (await self._client.orchestrator.get_session(request, timeout=self._client.timeout)).session

    async def sessions(self, *, as_of_seq: int | None = None) -> AsyncGenerator[pb.Session]:
        """Conversations, latest first."""
        request = pb.ListSessionsRequest(mind_id=self.mind_id, as_of_seq=as_of_seq)
        while True:
            page = await self._client.orchestrator.list_sessions(request, timeout=self._client.timeout)
            for session in page.sessions:
                yield session
            if not (token := page.next_page_token):
                return
            request.page_token = token

    async def rename_session(self, session: str, title: str) -> pb.Session:
        """Give a conversation another title."""
        request = pb.RenameSessionRequest(mind_id=self.mind_id, session_id=session, title=title)
        return (await self._client.orchestrator.rename_session(request, timeout=self._client.timeout)).session

    async def set_privacy(self, session: str, privacy: Privacy) -> pb.Session:
        """Set what is kept from the next turn on. Go on with the session that it returns: maybe another."""
        request = pb.SetPrivacyModeRequest(
            mind_id=self.mind_id, session_id=session, privacy_mode=privacy_mode(privacy)
        )
        answer = await self._client.orchestrator.set_privacy_mode(request, timeout=self._client.timeout)
        return answer.session

    async def end_session(self, session: str) -> pb.Session:
        """End a conversation. Ending it twice is harmless."""
        request = pb.EndSessionRequest(mind_id=self.mind_id, session_id=session)
        return (await self._client.orchestrator.end_session(request, timeout=self._client.timeout)).session

    # Memory

    async def search(
        self,
        query: str,
        *,
        k: int = 10,
        filter: memory.MemoryFilter | None = None,
        query_time: datetime | None = None,
        as_of_seq: int | None = None,
        min_seq: int = 0,
        explain: bool = False,
        exact: bool = False,
    ) -> memory.SearchResponse:
        """The memories that best answer a query, best first. ``min_seq`` waits for the index to reach it."""
        request = memory.SearchRequest(
            mind_id=self.mind_id,
            query=query,
            k=k,
            filter=filter,
            query_time=timestamp(query_time),
            as_of_seq=as_of_seq,
            min_seq=min_seq,
            explain=explain,
            exact=exact,
        )
        return await self._client.memory.search(request, timeout=self._client.timeout)

    async def memories(
        self,
        *,
        filter: memory.MemoryFilter | None = None,
        as_of_seq: int | None = None,
        min_seq: int = 0,
        page_size: int = 0,
    ) -> AsyncGenerator[memory.Memory]:
        """All memories, newest first."""
        request = memory.ListMemoriesRequest(
            mind_id=self.mind_id, filter=filter, as_of_seq=as_of_seq, min_seq=min_seq, page_size=page_size
        )
        while True:
            page = await self._client.memory.list_memories(request, timeout=self._client.timeout)
            for found in page.memories:
                yield found
            if not (token := page.next_page_token):
                return
            request.page_token = token

    async def record_memories(
        self, memories: Sequence[MemoryRecorded | str], *, idempotency_key: str = ""
    ) -> memory.RecordMemoriesResponse:
        """Form memories, all or none; a plain text becomes a fact. What is held in the same words is not formed twice.

        Raises MemoryExists, UnknownMemory. Repeated after UNAVAILABLE under one key: they are formed once.
        """
        formed = [
            MemoryRecorded(text=item, type=MEMORY_TYPE_FACT) if isinstance(item, str) else item
            for item in memories
        ]
        request = memory.RecordMemoriesRequest(
            mind_id=self.mind_id, memories=formed, idempotency_key=idempotency_key or new_key()
        )
        client = self._client
        return await retried(lambda: client.memory.record_memories(request, timeout=client.timeout))

    async def revise_memories(self, revisions: Sequence[MemoryRevised], *, idempotency_key: str = "") -> int:
        """Give memories new versions, all or none; returns the seq to wait for.

        Raises UnknownMemory, MemoryRetracted.
        """
        request = memory.ReviseMemoriesRequest(
            mind_id=self.mind_id, revisions=revisions, idempotency_key=idempotency_key or new_key()
        )
        client = self._client
        return (await retried(lambda: client.memory.revise_memories(request, timeout=client.timeout))).seq

    async def retract_memories(
        self, retractions: Sequence[MemoryRetracted | str], *, idempotency_key: str = ""
    ) -> int:
        """Take memories back, by id or with a reason, all or none; returns the seq to wait for.

        Raises UnknownMemory, MemoryRetracted.
        """
        taken = [MemoryRetracted(memory_id=item) if isinstance(item, str) else item for item in retractions]
        request = memory.RetractMemoriesRequest(
            mind_id=self.mind_id, retractions=taken, idempotency_key=idempotency_key or new_key()
        )
        client = self._client
        return (await retried(lambda: client.memory.retract_memories(request, timeout=client.timeout))).seq

    async def rate_memories(self, ratings: Sequence[MemoryRated], *, idempotency_key: str = "") -> int:
        """Judge memories from -1 to 1, all or none; returns the seq to wait for.

        Raises UnknownMemory, MemoryRetracted.
        """
        request = memory.RateMemoriesRequest(
            mind_id=self.mind_id, ratings=ratings, idempotency_key=idempotency_key or new_key()
        )
        client = self._client
        return (await retried(lambda: client.memory.rate_memories(request, timeout=client.timeout))).seq

    async def get_memory(
        self, memory_id: str, *, as_of_seq: int | None = None, min_seq: int = 0
    ) -> memory.Memory:
        """One memory, as it is or was. Raises UnknownMemory."""
        request = memory.GetMemoryRequest(
            mind_id=self.mind_id, memory_id=memory_id, as_of_seq=as_of_seq, min_seq=min_seq
        )
        return (await self._client.memory.get_memory(request, timeout=self._client.timeout)).memory

    async def memory_history(self, memory_id: str, *, min_seq: int = 0) -> list[memory.Memory]:
        """The versions of a memory, oldest first. Raises UnknownMemory."""
        request = memory.GetMemoryHistoryRequest(mind_id=self.mind_id, memory_id=memory_id, min_seq=min_seq)
        found = await self._client.memory.get_memory_history(request, timeout=self._client.timeout)
        return list(found.versions)

    async def memories_of_events(self, seqs: Sequence[int], *, min_seq: int = 0) -> list[memory.Memory]:
        """The memories that came from events and hold now."""
        request = memory.ListMemoriesOfEventsRequest(mind_id=self.mind_id, seqs=seqs, min_seq=min_seq)
        found = await self._client.memory.list_memories_of_events(request, timeout=self._client.timeout)
        return list(found.memories)

    async def wait_for_index(self, seq: int, *, timeout: float = 600.0) -> None:
        """Return once memory has considered everything up to a seq. Raises DeadlineExceeded."""
        request = memory.ListMemoriesRequest(mind_id=self.mind_id, page_size=1, min_seq=seq)
        await self._client.memory.list_memories(request, timeout=timeout)

    # The ledger

    async def head(self) -> ledger.GetHeadResponse:
        """The end of the mind's chain."""
        request = ledger.GetHeadRequest(mind_id=self.mind_id)
        return await self._client.ledger.get_head(request, timeout=self._client.timeout)

    async def event(self, seq: int) -> Event:
        """One event. Raises UnknownEvent."""
        request = ledger.GetEventRequest(mind_id=self.mind_id, seq=seq)
        return (await self._client.ledger.get_event(request, timeout=self._client.timeout)).event

    async def append(
        self,
        events: Sequence[ledger.NewEvent],
        *,
        expected_seq: int | None = None,
        idempotency_key: str = "",
    ) -> ledger.AppendResponse:
        """Append events, all or none. Repeated after UNAVAILABLE under one key: they are written once."""
        request = ledger.AppendRequest(
            mind_id=self.mind_id,
            events=events,
            expected_seq=expected_seq,
            idempotency_key=idempotency_key or new_key(),
        )
        return await retried(lambda: self._client.ledger.append(request, timeout=self._client.timeout))

    async def events(
        self,
        *,
        from_seq: int = 0,
        to_seq: int = 0,
        reverse: bool = False,
        limit: int = 0,
        kinds: Sequence[str] = (),
        sessions: Sequence[str] = (),
        raw: bool = False,
    ) -> AsyncGenerator[Event]:
        """Events of a range, in order; all of them where nothing is said."""
        request = ledger.ReadRequest(
            mind_id=self.mind_id,
            from_seq=from_seq,
            to_seq=to_seq,
            reverse=reverse,
            limit=limit,
            filter=ledger.EventFilter(kinds=kinds, session_ids=sessions) if kinds or sessions else None,
            raw=raw,
        )
        async for page in self._client.ledger.read(request):
            for event in page.events:
                yield event

    async def follow(
        self, *, after_seq: int = 0, kinds: Sequence[str] = (), raw: bool = False
    ) -> AsyncGenerator[Event]:
        """Events after a seq, then those to come, without end, over connections that break."""
        seq, failures = after_seq, 0
        while True:
            request = ledger.SubscribeRequest(mind_id=self.mind_id, after_seq=seq, kinds=kinds, raw=raw)
            try:
                async for part in self._client.ledger.subscribe(request):
                    failures = 0
                    for event in part.page.events:
                        yield event
                    seq = max(seq, part.page.seq, part.caught_up.seq, part.heartbeat.seq)
            except Unavailable as error:
                # Without end: the pause stops growing, the attempts do not stop.
                await pause(min(failures, 3), error)
                failures += 1

    async def verify(
        self, *, from_seq: int = 0, to_seq: int = 0, on_progress: Progress | None = None
    ) -> ledger.VerifiedHead:
        """Have the ledger re-read the mind's bytes. Raises BrokenChain where something is wrong."""
        request = ledger.VerifyRequest(mind_id=self.mind_id, from_seq=from_seq, to_seq=to_seq)
        verified = ledger.VerifiedHead()
        async for part in self._client.ledger.verify(request):
            match part.WhichOneof("result"):
                case "progress" if on_progress:
                    on_progress(part.progress.seq, part.progress.to_seq)
                case "verified":
                    verified = part.verified
                case "broken":
                    kind = short_name(ledger.BreakKind, part.broken.kind)
                    raise BrokenChain(
                        part.broken.message, reason=kind, metadata={"seq": str(part.broken.seq), "kind": kind}
                    )
                case _:
                    pass
        return verified

    async def checkpoint(self, trusted: Sequence[VerifierKey] = (), *, size: int = 0) -> SignedCheckpoint:
        """The signed tree head of the first ``size`` events, 0 for all. Raises ForgedProof."""
        return await signed_checkpoint(self._client.ledger, self.mind_id, tuple(trusted), size=size)

    async def prove(self, seq: int, trusted: Sequence[VerifierKey] = (), *, size: int = 0) -> ProvedEvent:
        """An event with the proof, checked here, that it is in a signed tree. Raises ForgedProof."""
        return await prove_event(self._client.ledger, self.mind_id, seq, tuple(trusted), size=size)

    async def redact(
        self,
        seqs: Sequence[int] = (),
        *,
        session: str = "",
        whole_mind: bool = False,
        why: str = "",
        idempotency_key: str | None = None,
    ) -> ledger.RedactResponse:
        """Erase just these payloads for good. Repeated on failure, and carried out once.

        What a person wants to be forgotten is more than that: replies that quote it, what was derived from it.
        """
        request = ledger.RedactRequest(
            mind_id=self.mind_id,
            seqs=seqs,
            session_id=session,
            whole_mind=whole_mind,
            why=why,
            idempotency_key=idempotency_key or new_key(),
        )
        return await retried(lambda: self._client.ledger.redact(request, timeout=ERASE_TIMEOUT_S))

    async def redaction(self, redaction_id: str) -> ledger.GetRedactionResponse:
        """How far an erasure is. Raises NotFound."""
        request = ledger.GetRedactionRequest(mind_id=self.mind_id, redaction_id=redaction_id)
        return await self._client.ledger.get_redaction(request, timeout=self._client.timeout)

    async def delete(self, *, why: str = "") -> ledger.DeleteMindResponse:
        """End the mind: everything that it holds is erased, and its name is never used again."""
        request = ledger.DeleteMindRequest(mind_id=self.mind_id, confirm_mind_id=self.mind_id, why=why)
        return await retried(lambda: self._client.ledger.delete_mind(request, timeout=ERASE_TIMEOUT_S))

    async def export(self, *, on_progress: Progress | None = None) -> AsyncGenerator[bytes]:
        """The mind as JSON Lines, verifiable offline, in parts of whole lines."""
        async for part in self._client.ledger.export(ledger.ExportRequest(mind_id=self.mind_id)):
            yield part.lines
            if on_progress:
                on_progress(part.seq, part.to_seq)

    async def restore(
        self,
        parts: AsyncIterable[bytes],
        *,
        force: bool = False,
        copy_of: str = "",
        origin_checkpoint: str = "",
    ) -> ledger.RestoreResponse:
        """Make the mind of an export, given in parts of at most 4 MiB: all or nothing.

        With ``copy_of``, the mind that the export is of, a copy of it under this name, which names the checkpoint.
        """

        async def requests() -> AsyncGenerator[ledger.RestoreRequest]:
            async for lines in parts:
                yield ledger.RestoreRequest(
                    mind_id=self.mind_id,
                    lines=lines,
                    force=force,
                    copy_of=copy_of,
                    origin_checkpoint=origin_checkpoint,
                )

        return await self._client.ledger.restore(requests())
