"""What a mind remembers: found, listed, formed, revised, taken back, judged."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from pmm.memory.v1 import memory_pb2 as memory
from pmm.mind.v1.events_pb2 import (
    MEMORY_TYPE_FACT,
    MemoryRated,
    MemoryRecorded,
    MemoryRetracted,
    MemoryRevised,
)
from pmm_client.made import made
from pmm_client.messages import timestamp
from pmm_client.retries import new_key, retried

if TYPE_CHECKING:
    from pmm_client.client import Client


class Remembering:
    """The part of ``Mind`` that reads and changes what it remembers."""

    _client: Client
    mind_id: str

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
        distinct: bool = False,
        time_zone: str = "",
        page_token: str = "",
    ) -> memory.SearchResponse:
        """The memories that best answer a query, best first. ``min_seq`` waits for the index to reach it.

        ``distinct``: a memory that was drawn from a message which is found as well gives its place to the message.
        ``time_zone``: in which "yesterday" is read, an IANA name; empty: UTC.
        ``page_token``: the ``next_page_token`` of the answer before, for those that come next. Raises ListingChanged
        where something was erased since: begin again.
        """
        request = made(
            memory.SearchRequest,
            mind_id=self.mind_id,
            query=query,
            k=k,
            filter=filter,
            query_time=timestamp(query_time),
            as_of_seq=as_of_seq,
            min_seq=min_seq,
            explain=explain,
            exact=exact,
            distinct=distinct,
            time_zone=time_zone,
            page_token=page_token,
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
        """All memories, newest first, as they were when the first was read.

        Raises ListingChanged where something is erased meanwhile on which other memories hung: begin again.
        """
        request = made(
            memory.ListMemoriesRequest,
            mind_id=self.mind_id,
            filter=filter,
            as_of_seq=as_of_seq,
            min_seq=min_seq,
            page_size=page_size,
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
            made(MemoryRecorded, text=item, type=MEMORY_TYPE_FACT) if isinstance(item, str) else item
            for item in memories
        ]
        request = made(
            memory.RecordMemoriesRequest,
            mind_id=self.mind_id,
            memories=formed,
            idempotency_key=idempotency_key or new_key(),
        )
        client = self._client
        return await retried(lambda: client.memory.record_memories(request, timeout=client.timeout))

    async def revise_memories(self, revisions: Sequence[MemoryRevised], *, idempotency_key: str = "") -> int:
        """Give memories new versions, all or none; returns the seq to wait for.

        Raises UnknownMemory, MemoryRetracted.
        """
        request = made(
            memory.ReviseMemoriesRequest,
            mind_id=self.mind_id,
            revisions=revisions,
            idempotency_key=idempotency_key or new_key(),
        )
        client = self._client
        return (await retried(lambda: client.memory.revise_memories(request, timeout=client.timeout))).seq

    async def retract_memories(
        self, retractions: Sequence[MemoryRetracted | str], *, idempotency_key: str = ""
    ) -> int:
        """Take memories back, by id or with a reason, all or none; returns the seq to wait for.

        Raises UnknownMemory, MemoryRetracted.
        """
        taken = [
            made(MemoryRetracted, memory_id=item) if isinstance(item, str) else item for item in retractions
        ]
        request = made(
            memory.RetractMemoriesRequest,
            mind_id=self.mind_id,
            retractions=taken,
            idempotency_key=idempotency_key or new_key(),
        )
        client = self._client
        return (await retried(lambda: client.memory.retract_memories(request, timeout=client.timeout))).seq

    async def rate_memories(self, ratings: Sequence[MemoryRated], *, idempotency_key: str = "") -> int:
        """Judge memories from -1 to 1, all or none; returns the seq to wait for.

        Raises UnknownMemory, MemoryRetracted.
        """
        request = made(
            memory.RateMemoriesRequest,
            mind_id=self.mind_id,
            ratings=ratings,
            idempotency_key=idempotency_key or new_key(),
        )
        client = self._client
        return (await retried(lambda: client.memory.rate_memories(request, timeout=client.timeout))).seq

    async def get_memory(
        self, memory_id: str, *, as_of_seq: int | None = None, min_seq: int = 0
    ) -> memory.Memory:
        """One memory, as it is or was. Raises UnknownMemory."""
        request = made(
            memory.GetMemoryRequest,
            mind_id=self.mind_id,
            memory_id=memory_id,
            as_of_seq=as_of_seq,
            min_seq=min_seq,
        )
        return (await self._client.memory.get_memory(request, timeout=self._client.timeout)).memory

    async def memory_history(self, memory_id: str, *, min_seq: int = 0) -> memory.GetMemoryHistoryResponse:
        """The 1,000 newest ``versions`` of a memory, oldest first; where they are long fewer, and ``left_out`` says
        how many more there are. Raises UnknownMemory.
        """
        request = made(
            memory.GetMemoryHistoryRequest, mind_id=self.mind_id, memory_id=memory_id, min_seq=min_seq
        )
        return await self._client.memory.get_memory_history(request, timeout=self._client.timeout)

    async def memories_of_events(
        self, seqs: Sequence[int], *, min_seq: int = 0
    ) -> memory.ListMemoriesOfEventsResponse:
        """The ``memories`` that came from events and hold now: the 1,000 first, where they are long fewer; ``left_out``
        says how many more there are.
        """
        request = made(memory.ListMemoriesOfEventsRequest, mind_id=self.mind_id, seqs=seqs, min_seq=min_seq)
        return await self._client.memory.list_memories_of_events(request, timeout=self._client.timeout)

    async def wait_for_index(self, seq: int, *, timeout: float = 600.0) -> None:
        """Return once memory has considered everything up to a seq. Raises DeadlineExceeded."""
        request = made(memory.ListMemoriesRequest, mind_id=self.mind_id, page_size=1, min_seq=seq)
        await self._client.memory.list_memories(request, timeout=timeout)
