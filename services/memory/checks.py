"""What a request must be, one function a message."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from google.protobuf.message import Message

from pmm.memory.v1 import memory_pb2 as pb
from pmm.mind.v1 import events_pb2 as mind
from services.runtime import checks
from services.runtime.checks import Check
from services.runtime.errors import Violation

MAX_QUERY_BYTES = 32 * 1024
MAX_K = 1_000
MAX_TEXTS = 256
MAX_TEXT_BYTES = 1024 * 1024
MAX_FILTER_VALUES = 1_000
MAX_SEQS = 1_000
CACHES = ("embeddings", "queries", "results", "understanding")


def search(request: pb.SearchRequest) -> Iterator[Violation]:
    """Search."""
    yield from checks.mind_id(request.mind_id)
    yield from checks.text(request.query, "query", max_bytes=MAX_QUERY_BYTES, required=True)
    yield from checks.limit(request.k, "k", high=MAX_K)
    yield from memory_filter(request.filter)
    yield from checks.timestamp(request.query_time, "query_time")
    yield from page_token(request.page_token)


def embed(request: pb.EmbedRequest) -> Iterator[Violation]:
    """Embed."""
    yield from checks.mind_id(request.mind_id, optional=True)
    yield from checks.items(request.texts, "texts", low=1, high=MAX_TEXTS)
    if sum(len(text) for text in request.texts) > MAX_TEXT_BYTES:
        yield Violation("texts", f"must be at most {MAX_TEXT_BYTES:,} characters together")


def list_memories(request: pb.ListMemoriesRequest) -> Iterator[Violation]:
    """ListMemories."""
    yield from checks.mind_id(request.mind_id)
    yield from memory_filter(request.filter)
    yield from checks.limit(request.page_size, "page_size", high=MAX_K)
    yield from page_token(request.page_token)


def get_memory(request: pb.GetMemoryRequest) -> Iterator[Violation]:
    """GetMemory."""
    yield from checks.mind_id(request.mind_id)
    yield from checks.text(request.memory_id, "memory_id", max_bytes=checks.ID_MAX_LENGTH, required=True)


def get_memory_history(request: pb.GetMemoryHistoryRequest) -> Iterator[Violation]:
    """GetMemoryHistory."""
    yield from checks.mind_id(request.mind_id)
    yield from checks.text(request.memory_id, "memory_id", max_bytes=checks.ID_MAX_LENGTH, required=True)


def list_memories_of_events(request: pb.ListMemoriesOfEventsRequest) -> Iterator[Violation]:
    """ListMemoriesOfEvents."""
    yield from checks.mind_id(request.mind_id)
    yield from checks.items(request.seqs, "seqs", low=1, high=MAX_SEQS)


def clear_cache(request: pb.ClearCacheRequest) -> Iterator[Violation]:
    """ClearCache."""
    yield from checks.mind_id(request.mind_id, optional=True)
    for index, name in enumerate(request.caches):
        if name not in CACHES:
            yield Violation(f"caches[{index}]", f"must be one of {', '.join(CACHES)}")


def stats(request: pb.StatsRequest) -> Iterator[Violation]:
    """Stats."""
    yield from checks.mind_id(request.mind_id, optional=True)


def memory_filter(value: pb.MemoryFilter) -> Iterator[Violation]:
    """A filter, wherever it stands."""
    for index, kind in enumerate(value.types):
        yield from checks.enum_known(kind, f"filter.types[{index}]", mind.MemoryType.values())
    for field in ("session_ids", "not_session_ids", "speakers", "entities", "tags"):
        yield from checks.items(getattr(value, field), f"filter.{field}", high=MAX_FILTER_VALUES)
    yield from checks.timestamp(value.occurred_from, "filter.occurred_from")
    yield from checks.timestamp(value.occurred_to, "filter.occurred_to")
    yield from checks.in_range(value.min_importance, "filter.min_importance", 0, 1)


def page_token(value: str) -> Iterator[Violation]:
    """A token of an answer before."""
    if value and not (value.isascii() and value.isdigit() and len(value) <= 12):
        yield Violation("page_token", "must be empty, or the next_page_token of an answer before")


CHECKS: Mapping[type[Message], Check] = {
    pb.SearchRequest: search,
    pb.EmbedRequest: embed,
    pb.ListMemoriesRequest: list_memories,
    pb.GetMemoryRequest: get_memory,
    pb.GetMemoryHistoryRequest: get_memory_history,
    pb.ListMemoriesOfEventsRequest: list_memories_of_events,
    pb.ClearCacheRequest: clear_cache,
    pb.StatsRequest: stats,
}
