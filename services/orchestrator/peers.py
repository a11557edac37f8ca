"""The ledger, memory and inference, over their contracts, in the terms of ``terms.py``."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import aclosing
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp

import pmm_client.errors
from pmm.inference.v1 import inference_pb2 as inference
from pmm.ledger.v1 import ledger_pb2 as ledger
from pmm.memory.v1 import memory_pb2 as memory
from pmm.mind.v1 import events_pb2 as mind
from services.orchestrator import convert_peers
from services.orchestrator.errors import ModelFailed
from services.orchestrator.projections.commitments import Commitment
from services.orchestrator.projections.directives import Directive
from services.orchestrator.projections.identity import Identity
from services.orchestrator.shortening import beginning
from services.orchestrator.terms import (
    RECALL,
    Answer,
    Draft,
    Finished,
    Part,
    Recalled,
    Said,
    Started,
    StorePage,
    Summary,
    Verdict,
)
from services.runtime import deadline
from services.runtime.peers import Peers as Channels
from services.runtime.times import zone

MAX_QUERY_BYTES = 32 * 1024
"""Memory's limit. What a long message is about stands at its beginning."""
MAX_ANSWER_BYTES = 768 * 1024
"""Of an answer: with its receipt and its warnings it must fit one event. A model that says more is stopped there."""
CALL_SECONDS = 10.0
"""A peer that takes longer for a small call is in trouble."""
ERASE_SECONDS = 300.0
"""Files of a large mind take a while to be written anew."""
_PASSING = (
    pmm_client.errors.Unavailable,
    pmm_client.errors.DeadlineExceeded,
    pmm_client.errors.RateLimited,
    pmm_client.errors.BackendCredentials,
)
VERIFY_SECONDS = 60.0
_ROLES = {
    "system": inference.ROLE_SYSTEM,
    "user": inference.ROLE_USER,
    "assistant": inference.ROLE_ASSISTANT,
}


class Peers:
    """The three services that a turn needs."""

    def __init__(self, channels: Channels) -> None:
        self._channels = channels
        self.breaks = 0
        """How often a subscription to the ledger broke off: what comes back may be an older copy, or another ledger."""

    async def append(
        self,
        mind_id: str,
        drafts: Sequence[Draft],
        expected_seq: int | None = None,
        expected_hash: bytes = b"",
    ) -> ledger.AppendResponse:
        """Append events; see ``LedgerService.Append`` for what it raises."""
        client = await self._channels.ledger()
        request = ledger.AppendRequest(
            mind_id=mind_id, events=map(convert_peers.new_event, drafts), expected_hash=expected_hash
        )
        if expected_seq is not None:
            request.expected_seq = expected_seq
        return await client.append(request, timeout=CALL_SECONDS)

    async def head(self, mind_id: str) -> int:
        """The last seq of a mind."""
        return (await self.tip(mind_id))[0]

    async def tip(self, mind_id: str) -> tuple[int, bytes]:
        """The last seq of a mind, and its hash."""
        client = await self._channels.ledger()
        head = await client.get_head(ledger.GetHeadRequest(mind_id=mind_id), timeout=CALL_SECONDS)
        return head.seq, head.hash

    async def restored_seq(self, mind_id: str) -> int:
        """Up to here a mind's events came with a restore."""
        client = await self._channels.ledger()
        return (
            await client.get_head(ledger.GetHeadRequest(mind_id=mind_id), timeout=CALL_SECONDS)
        ).restored_seq

    async def hash_at(self, mind_id: str, seq: int) -> bytes | None:
        """The chain's hash at a seq; None where there is no such event, or none that can be read."""
        client = await self._channels.ledger()
        request = ledger.GetHeadRequest(mind_id=mind_id, as_of_seq=seq)
        try:
            return (await client.get_head(request, timeout=CALL_SECONDS)).hash
        except (pmm_client.errors.UnknownEvent, pmm_client.errors.DataLoss):
            return None

    async def holds(self, mind_id: str, seq: int, its_hash: bytes) -> bool:
        """Whether a mind's event at a seq is the one of a hash. One that cannot be read is not taken for another."""
        client = await self._channels.ledger()
        request = ledger.GetHeadRequest(mind_id=mind_id, as_of_seq=seq)
        try:
            return (await client.get_head(request, timeout=CALL_SECONDS)).hash == its_hash
        except (pmm_client.errors.UnknownEvent, pmm_client.errors.UnknownMind):
            return False
        except pmm_client.errors.DataLoss:
            return True

    async def verify(self, mind_id: str, from_seq: int, to_seq: int) -> Verdict:
        """Have a part of a mind's bytes read again and checked, both ends included."""
        client = await self._channels.ledger()
        request = ledger.VerifyRequest(mind_id=mind_id, from_seq=from_seq, to_seq=to_seq)
        last = [step async for step in client.verify(request, timeout=VERIFY_SECONDS)][-1]
        if last.HasField("broken"):
            kind = ledger.BreakKind.Name(last.broken.kind).removeprefix("BREAK_KIND_")
            return Verdict(last.broken.seq, break_kind=kind, message=last.broken.message)
        return Verdict(last.verified.seq, last.verified.hash)

    async def event(self, mind_id: str, seq: int) -> mind.Event:
        """One event."""
        client = await self._channels.ledger()
        request = ledger.GetEventRequest(mind_id=mind_id, seq=seq)
        return (await client.get_event(request, timeout=CALL_SECONDS)).event

    async def read(self, mind_id: str, **wanted: Any) -> AsyncIterator[mind.Event]:
        """Events of a mind; ``wanted`` as in ``ReadRequest``, with ``kinds`` and ``session_ids``."""
        client = await self._channels.ledger()
        only = ledger.EventFilter(kinds=wanted.pop("kinds", ()), session_ids=wanted.pop("session_ids", ()))
        async for page in client.read(ledger.ReadRequest(mind_id=mind_id, filter=only, **wanted)):
            for event in page.events:
                yield event

    async def follow(self, after_position: int, kinds: Sequence[str]) -> AsyncGenerator[StorePage]:
        """All minds' events of some kinds, of all where none is named. Raises ConnectionError, DataLoss.

        A page of no store, at position 0, says that the ledger is not the one that was followed.
        """
        client = await self._channels.ledger()
        store_id, is_caught_up = "", False
        try:
            request = ledger.SubscribeRequest(after_position=after_position, kinds=kinds)
            async with aclosing(client.subscribe(request)) as messages:
                async for message in messages:
                    part = message.WhichOneof("part")
                    if part == "started":
                        store_id = message.started.store_id
                        yield StorePage(store_id, [], after_position, is_caught_up)
                    elif part == "page":
                        page = message.page
                        yield StorePage(store_id, list(page.events), page.position, is_caught_up)
                    elif part == "caught_up":
                        # Says alone how far it is where all that was stored was skipped.
                        is_caught_up = True
                        yield StorePage(store_id, [], message.caught_up.position, is_caught_up)
        except pmm_client.errors.BeyondHead:
            # The store lost what we have seen: it is not the one that we followed.
            self.breaks += 1
            yield StorePage("", [], 0, is_caught_up)
        except pmm_client.errors.DataLoss:
            raise
        except pmm_client.errors.PmmError as error:
            self.breaks += 1
            raise ConnectionError(error.message) from None
        else:
            self.breaks += 1

    async def watch(self, mind_id: str, after_seq: int) -> AsyncIterator[tuple[int, list[str]]]:
        """The last seq and the kinds of each page of a mind's events, as they are appended."""
        client = await self._channels.ledger()
        request = ledger.SubscribeRequest(mind_id=mind_id, after_seq=after_seq)
        async for message in client.subscribe(request):
            if message.page.events:
                yield message.page.events[-1].seq, [event.kind for event in message.page.events]

    async def redact(
        self,
        mind_id: str,
        seqs: Sequence[int],
        why: str,
        told: Sequence[Draft] = (),
        expected_seq: int | None = None,
    ) -> tuple[int, int]:
        """Erase payloads in the ledger, and tell something after it; the seq of what orders it, and the head."""
        client = await self._channels.ledger()
        request = ledger.RedactRequest(
            mind_id=mind_id,
            seqs=seqs,
            why=why,
            events=map(convert_peers.new_event, told),
            expected_seq=expected_seq,
        )
        done = await client.redact(request, timeout=ERASE_SECONDS)
        return done.seq, done.head_seq

    async def indexed(self, mind_id: str, seq: int) -> None:
        """Return once memory has processed a seq. Raises DeadlineExceeded."""
        client = await self._channels.memory()
        request = memory.ListMemoriesRequest(mind_id=mind_id, page_size=1, min_seq=seq)
        await client.list_memories(request, timeout=ERASE_SECONDS)

    async def caches(self) -> dict[str, tuple[int, int]]:
        """Hits and misses of memory's caches since it started, by name."""
        client = await self._channels.memory()
        stats = await client.stats(memory.StatsRequest(), timeout=CALL_SECONDS)
        return {cache.name: (cache.hits, cache.misses) for cache in stats.caches}

    async def minds(self, token: str, prefix: str, limit: int) -> tuple[list[Summary], str]:
        """A page of minds by name, and the token of the next one; empty at the end."""
        client = await self._channels.ledger()
        request = ledger.ListMindsRequest(page_token=token, prefix=prefix, page_size=limit)
        page = await client.list_minds(request, timeout=CALL_SECONDS)
        return [
            Summary(one.mind_id, one.head_seq, one.created_at, one.last_recorded_at, one.deleted)
            for one in page.minds
        ], page.next_page_token

    async def search(
        self,
        mind_id: str,
        query: str,
        k: int,
        head_seq: int,
        *,
        query_time: Timestamp | None,
        time_zone: str,
        seconds: float,
    ) -> list[Recalled]:
        """Memories as of a head, best first, nothing twice. Raises DeadlineExceeded when it takes longer."""
        client = await self._channels.memory()
        request = memory.SearchRequest(
            mind_id=mind_id,
            query=beginning(query, MAX_QUERY_BYTES),
            k=k,
            distinct=True,
            as_of_seq=head_seq,
            min_seq=head_seq,
            query_time=query_time,
            # An application may have given the mind a zone that there is not.
            time_zone=zone(time_zone).key,
        )
        answer = await client.search(request, timeout=seconds)
        return [convert_peers.recalled(result) for result in answer.results]

    async def has_model(self) -> bool:
        """Whether inference has a backend besides the one that quotes, be it away. Raises PmmError."""
        client = await self._channels.inference()
        listed = await client.list_models(inference.ListModelsRequest(), timeout=CALL_SECONDS)
        return any(model.backend != RECALL for model in listed.models)

    async def generate(
        self,
        messages: Sequence[Said],
        memories: Sequence[Recalled],
        *,
        mind_id: str,
        model: str,
        sampling: inference.Sampling | None,
        query_time: Timestamp | None,
        time_zone: str = "",
        first_turn: bool,
        remember: bool = True,
        is_searched: bool = True,
        promises: Sequence[Commitment] = (),
        other_promises: int = 0,
        directives: Sequence[Directive] = (),
        other_directives: int = 0,
        called: Identity | None = None,
        background_tokens: int = 0,
        json_schema: Mapping[str, Any] | None = None,
    ) -> AsyncGenerator[Part]:
        """A model's answer; with ``background_tokens`` of at most so many, after those that persons wait for.

        With ``json_schema`` it is JSON of that shape. Raises ModelFailed.
        """
        client = await self._channels.inference()
        request = inference.GenerateRequest(
            messages=[inference.Message(role=_ROLES[said.role], text=said.text) for said in messages],
            model=model,
            memories=map(convert_peers.context_memory, memories),
            priority=inference.CALL_PRIORITY_BACKGROUND
            if background_tokens
            else inference.CALL_PRIORITY_INTERACTIVE,
            first_turn=first_turn,
            unremembered=not remember,
            memories_left_out=not is_searched,
            fairness_key=mind_id,
            time_zone=time_zone,
            open_commitments=map(convert_peers.open_commitment, promises),
            other_commitments=other_promises,
            instructions=map(convert_peers.standing_instruction, directives),
            other_instructions=other_directives,
        )
        if called is not None:
            convert_peers.tell_names(request, called)
        if sampling is not None:
            request.sampling.CopyFrom(sampling)
        if background_tokens:
            request.sampling.max_tokens = background_tokens
        if json_schema is not None:
            request.json_schema.update(json_schema)
        if query_time is not None:
            request.query_time.CopyFrom(query_time)
        stream = client.generate(request, timeout=deadline.remaining())
        try:
            async for part in _fitting(stream):
                yield part
        except pmm_client.errors.PmmError as error:
            raise ModelFailed(error.message, error.reason, may_pass=isinstance(error, _PASSING)) from None
        finally:
            await stream.aclose()

    async def answer(
        self,
        messages: Sequence[Said],
        *,
        mind_id: str,
        max_tokens: int,
        json_schema: Mapping[str, Any] | None = None,
    ) -> Answer:
        """A model's whole answer without memories, after those that persons wait for. Raises ModelFailed."""
        started, words, is_cut = Started("", ""), list[str](), False
        parts = self.generate(
            messages,
            [],
            mind_id=mind_id,
            model="",
            sampling=None,
            query_time=None,
            first_turn=False,
            background_tokens=max_tokens,
            json_schema=json_schema,
        )
        async with aclosing(parts):
            async for part in parts:
                match part:
                    case Started():
                        started = part
                    case Finished(reason):
                        is_cut = reason == mind.FINISH_REASON_LENGTH
                    case text:
                        words.append(text)
        return Answer("".join(words), started.model, started.backend, is_cut)


async def _fitting(stream: AsyncIterator[inference.GenerateResponse]) -> AsyncIterator[Part]:
    """What a model's stream tells, as far as it fits an event."""
    left = MAX_ANSWER_BYTES
    async for response in stream:
        match response.WhichOneof("part"):
            case "started":
                yield Started(response.started.model, response.started.backend)
            case "delta":
                said = beginning(response.delta.text, left)
                if said:
                    yield said
                left -= len(said.encode())
                if said != response.delta.text:
                    yield Finished(mind.FINISH_REASON_LENGTH)
                    return
            case "completed":
                yield Finished(response.completed.finish_reason, response.completed.usage)
            case _:
                pass
