"""What is on a mind's record: its events, their chain and its proofs, erasure, export and restore."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, Callable, Sequence
from typing import TYPE_CHECKING

from pmm.ledger.v1 import ledger_pb2 as ledger
from pmm.mind.v1.events_pb2 import Event
from pmm_client.checkpoints import VerifierKey
from pmm_client.errors import BrokenChain, Unavailable
from pmm_client.made import made
from pmm_client.names import short_name
from pmm_client.proofs import ProvedEvent, SignedCheckpoint, prove_event, signed_checkpoint
from pmm_client.retries import new_key, pause, retried

if TYPE_CHECKING:
    from pmm_client.client import Client

ERASE_TIMEOUT_S = 600.0
"""A mind of a million events takes the disk a while; the server goes on after it, too."""
Progress = Callable[[int, int], None]
"""Called with how much is done and how much there is."""


class Recorded:
    """The part of ``Mind`` that reads and writes its ledger."""

    _client: Client
    mind_id: str

    async def head(self) -> ledger.GetHeadResponse:
        """The end of the mind's chain."""
        request = made(ledger.GetHeadRequest, mind_id=self.mind_id)
        return await self._client.ledger.get_head(request, timeout=self._client.timeout)

    async def event(self, seq: int) -> Event:
        """One event. Raises UnknownEvent."""
        request = made(ledger.GetEventRequest, mind_id=self.mind_id, seq=seq)
        return (await self._client.ledger.get_event(request, timeout=self._client.timeout)).event

    async def append(
        self,
        events: Sequence[ledger.NewEvent],
        *,
        expected_seq: int | None = None,
        idempotency_key: str = "",
    ) -> ledger.AppendResponse:
        """Append events, all or none. Repeated after UNAVAILABLE under one key: they are written once."""
        request = made(
            ledger.AppendRequest,
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
        request = made(
            ledger.ReadRequest,
            mind_id=self.mind_id,
            from_seq=from_seq,
            to_seq=to_seq,
            reverse=reverse,
            limit=limit,
            filter=made(ledger.EventFilter, kinds=kinds, session_ids=sessions) if kinds or sessions else None,
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
            request = made(ledger.SubscribeRequest, mind_id=self.mind_id, after_seq=seq, kinds=kinds, raw=raw)
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
        request = made(ledger.VerifyRequest, mind_id=self.mind_id, from_seq=from_seq, to_seq=to_seq)
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
        idempotency_key: str = "",
    ) -> ledger.RedactResponse:
        """Erase just these payloads for good. Repeated on failure, and carried out once.

        What a person wants to be forgotten is more than that: replies that quote it, what was derived from it. And what
        these events ended or changed is as before them; ``forget`` has it stay as it is.
        """
        request = made(
            ledger.RedactRequest,
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
        request = made(ledger.GetRedactionRequest, mind_id=self.mind_id, redaction_id=redaction_id)
        return await self._client.ledger.get_redaction(request, timeout=self._client.timeout)

    async def delete(self, *, why: str = "") -> ledger.DeleteMindResponse:
        """End the mind: everything that it holds is erased, and its name is never used again."""
        request = made(ledger.DeleteMindRequest, mind_id=self.mind_id, confirm_mind_id=self.mind_id, why=why)
        return await retried(lambda: self._client.ledger.delete_mind(request, timeout=ERASE_TIMEOUT_S))

    async def export(self, *, on_progress: Progress | None = None) -> AsyncGenerator[bytes]:
        """The mind as JSON Lines, verifiable offline, in parts of whole lines."""
        async for part in self._client.ledger.export(made(ledger.ExportRequest, mind_id=self.mind_id)):
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
                yield made(
                    ledger.RestoreRequest,
                    mind_id=self.mind_id,
                    lines=lines,
                    force=force,
                    copy_of=copy_of,
                    origin_checkpoint=origin_checkpoint,
                )

        return await self._client.ledger.restore(requests())
