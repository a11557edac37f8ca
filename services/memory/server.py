"""gRPC face of memory: decode, call, encode. Rules live in ``memories.py`` and below."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import grpc.aio

from pmm.memory.v1 import memory_pb2 as pb
from pmm.memory.v1 import memory_pb2_grpc as rpc
from pmm.mind.v1 import events_pb2 as mind
from services.memory import convert, postings, products, scoring
from services.memory.checks import CHECKS
from services.memory.embedder import EmbedderAway
from services.memory.memories import Memories
from services.memory.peers import LedgerPeer
from services.memory.records import FORMAT, OLDEST_FORMAT
from services.memory.settings import MemorySettings
from services.runtime import deadline
from services.runtime.compiled import warn_unless
from services.runtime.exits import USAGE, StartupError
from services.runtime.service import Service, ServiceContext, ServiceSpec
from services.runtime.telemetry import stage

_Context = grpc.aio.ServicerContext[object, object]
_Change = pb.ReviseMemoriesRequest | pb.RetractMemoriesRequest | pb.RateMemoriesRequest


class MemoryServicer(rpc.MemoryServiceServicer):
    """Each method decodes, calls ``Memories``, encodes."""

    def __init__(self, memories: Memories) -> None:
        self._memories = memories

    async def Search(self, request: pb.SearchRequest, context: _Context) -> pb.SearchResponse:
        asked = convert.request(request)
        with stage("memory.search"):
            found = await self._memories.search(asked, min_seq=request.min_seq, within=deadline.remaining())
        return convert.answer(found, asked)

    async def Embed(self, request: pb.EmbedRequest, context: _Context) -> pb.EmbedResponse:
        vectors, cached = await self._memories.embed(request.texts, request.mind_id)
        spaces = self._memories.spaces
        return pb.EmbedResponse(
            embeddings=[
                pb.Embedding(values=vector.tolist(), cached=was_cached)
                for vector, was_cached in zip(vectors, cached, strict=True)
            ],
            embedder=spaces.searched_id,
            dimensions=spaces.searched.dimensions,
        )

    async def ListMemories(
        self, request: pb.ListMemoriesRequest, context: _Context
    ) -> pb.ListMemoriesResponse:
        page, seq = await self._memories.listing(
            request.mind_id,
            convert.wanted(request.filter),
            request.page_size or convert.DEFAULT_PAGE,
            convert.place(request.page_token),
            request.as_of_seq if request.HasField("as_of_seq") else None,
            request.min_seq,
            deadline.remaining(),
        )
        return pb.ListMemoriesResponse(
            memories=map(convert.memory, page.rows),
            next_page_token=convert.token(page.following),
            index_seq=seq,
        )

    async def GetMemory(self, request: pb.GetMemoryRequest, context: _Context) -> pb.GetMemoryResponse:
        as_of_seq = request.as_of_seq if request.HasField("as_of_seq") else None
        row = await self._memories.get(
            request.mind_id, request.memory_id, as_of_seq, request.min_seq, deadline.remaining()
        )
        return pb.GetMemoryResponse(memory=convert.memory(row))

    async def GetMemoryHistory(
        self, request: pb.GetMemoryHistoryRequest, context: _Context
    ) -> pb.GetMemoryHistoryResponse:
        rows, left_out = await self._memories.history(
            request.mind_id, request.memory_id, request.min_seq, deadline.remaining()
        )
        return pb.GetMemoryHistoryResponse(versions=map(convert.memory, rows), left_out=left_out)

    async def ListMemoriesOfEvents(
        self, request: pb.ListMemoriesOfEventsRequest, context: _Context
    ) -> pb.ListMemoriesOfEventsResponse:
        rows, left_out = await self._memories.of_events(
            request.mind_id, request.seqs, request.min_seq, deadline.remaining()
        )
        return pb.ListMemoriesOfEventsResponse(memories=map(convert.memory, rows), left_out=left_out)

    async def RecordMemories(
        self, request: pb.RecordMemoriesRequest, context: _Context
    ) -> pb.RecordMemoriesResponse:
        memory_ids, seq = await self._memories.managing.record(
            request.mind_id, request.memories, request.idempotency_key, deadline.remaining()
        )
        return pb.RecordMemoriesResponse(memory_ids=memory_ids, seq=seq)

    async def ReviseMemories(
        self, request: pb.ReviseMemoriesRequest, context: _Context
    ) -> pb.ReviseMemoriesResponse:
        bodies = [mind.Body(memory_revised=revision) for revision in request.revisions]
        return pb.ReviseMemoriesResponse(seq=await self._change(request, bodies))

    async def RetractMemories(
        self, request: pb.RetractMemoriesRequest, context: _Context
    ) -> pb.RetractMemoriesResponse:
        bodies = [mind.Body(memory_retracted=retraction) for retraction in request.retractions]
        return pb.RetractMemoriesResponse(seq=await self._change(request, bodies))

    async def RateMemories(
        self, request: pb.RateMemoriesRequest, context: _Context
    ) -> pb.RateMemoriesResponse:
        bodies = [mind.Body(memory_rated=rating) for rating in request.ratings]
        return pb.RateMemoriesResponse(seq=await self._change(request, bodies))

    async def _change(self, request: _Change, bodies: Sequence[mind.Body]) -> int:
        return await self._memories.managing.change(
            request.mind_id, bodies, request.idempotency_key, deadline.remaining()
        )

    async def ClearCache(self, request: pb.ClearCacheRequest, context: _Context) -> pb.ClearCacheResponse:
        removed = await self._memories.clear_caches(request.caches, request.mind_id)
        return pb.ClearCacheResponse(removed=removed)

    async def Stats(self, request: pb.StatsRequest, context: _Context) -> pb.StatsResponse:
        return convert.stats(await self._memories.report(request.mind_id))


class MemoryService(Service):
    """The memory service with its life."""

    name = "memory"
    full_name = "pmm.memory.v1.MemoryService"
    checks: ClassVar = CHECKS

    def __init__(self, memories: Memories) -> None:
        self._memories = memories

    def register(self, server: grpc.aio.Server) -> None:
        rpc.add_MemoryServiceServicer_to_server(MemoryServicer(self._memories), server)

    async def start(self) -> None:
        self._memories.start()

    async def stop(self) -> None:
        await self._memories.stop()

    async def failed(self) -> BaseException:
        return await self._memories.failed()


def build(settings: MemorySettings, context: ServiceContext) -> MemoryService:
    """From settings and context to a service. Raises StartupError."""
    warn_unless(scoring.is_compiled and postings.is_compiled and products.is_compiled, "a search")
    try:
        return MemoryService(Memories(context.data_dir, LedgerPeer(context.peers), settings))
    except (ImportError, ValueError, EmbedderAway) as error:
        raise StartupError(USAGE, f"memory cannot start with its settings: {error}") from None


SPEC = ServiceSpec(
    "memory", MemorySettings, build, default_port=50052, format_version=FORMAT, oldest_format=OLDEST_FORMAT
)
