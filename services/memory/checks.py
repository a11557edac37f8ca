"""What a request must be, one function a message."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping

from google.protobuf.message import Message

from pmm.memory.v1 import memory_pb2 as pb
from pmm.mind.v1 import events_pb2 as mind
from services.runtime import checks
from services.runtime.checks import Check
from services.runtime.errors import Violation
from services.runtime.times import is_zone

MAX_QUERY_BYTES = 32 * 1024
MAX_K = 1_000
MAX_TEXTS = 256
MAX_TEXT_BYTES = 1024 * 1024
MAX_FILTER_VALUES = 1_000
MAX_SEQS = 1_000
MAX_FILTER_DEPTH = 4
MAX_FILTERS = 64
MAX_BATCH = 100
MAX_MEMORY_BYTES = 32 * 1024
MAX_WHY_BYTES = 4_096
MAX_NAMES = 100
MAX_NAME_BYTES = 256
MAX_KEY_BYTES = 128
_TOKEN = "must be empty, or the next_page_token of an answer before"
_LISTING_TOKEN = re.compile(r"\d{1,18}\.\d{1,9}\.\d{1,18}\.[\w.~%-]{1,1000}", re.ASCII)
_SEARCH_TOKEN = re.compile(r"\d{1,9}\.\d{1,18}\.\d{1,9}", re.ASCII)
CACHES = ("embeddings", "queries", "results", "understanding")


def search(request: pb.SearchRequest) -> Iterator[Violation]:
    """Search."""
    yield from checks.mind_id(request.mind_id)
    yield from checks.text(request.query, "query", max_bytes=MAX_QUERY_BYTES, required=True)
    yield from checks.limit(request.k, "k", high=MAX_K)
    if request.HasField("filter"):
        yield from memory_filter(request.filter)
    yield from checks.timestamp(request.query_time, "query_time")
    if request.time_zone and not is_zone(request.time_zone):
        yield Violation("time_zone", "must be an IANA time zone such as Europe/Lisbon, or empty for UTC")
    yield from search_token(request.page_token)


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
    yield from _filter(value, "filter", 1)
    if _filters_in(value) > MAX_FILTERS:
        yield Violation("filter", f"must hold at most {MAX_FILTERS} filters in all")


def _filter(value: pb.MemoryFilter, path: str, depth: int) -> Iterator[Violation]:
    for index, kind in enumerate(value.types):
        yield from checks.enum_known(kind, f"{path}.types[{index}]", mind.MemoryType)
    for field in ("session_ids", "not_session_ids", "speakers", "entities", "tags", "any_tags"):
        yield from checks.items(getattr(value, field), f"{path}.{field}", high=MAX_FILTER_VALUES)
    for field in ("occurred_from", "occurred_to", "recorded_from", "recorded_to", "valid_at"):
        yield from checks.timestamp(getattr(value, field), f"{path}.{field}")
    yield from checks.in_range(value.min_importance, f"{path}.min_importance", 0, 1)
    if value.HasField("max_importance"):
        yield from checks.in_range(value.max_importance, f"{path}.max_importance", 0, 1)
    for field in ("any_of", "none_of"):
        for index, part in enumerate(getattr(value, field)):
            if depth == MAX_FILTER_DEPTH:
                yield Violation(f"{path}.{field}", f"must not lie deeper than {MAX_FILTER_DEPTH} filters")
                break
            yield from _filter(part, f"{path}.{field}[{index}]", depth + 1)


def _filters_in(value: pb.MemoryFilter) -> int:
    return 1 + sum(_filters_in(part) for part in (*value.any_of, *value.none_of))


def record_memories(request: pb.RecordMemoriesRequest) -> Iterator[Violation]:
    """RecordMemories."""
    yield from _batch(request.mind_id, request.memories, "memories", request.idempotency_key)
    for index, memory in enumerate(request.memories):
        path = f"memories[{index}]"
        yield from checks.text(memory.memory_id, f"{path}.memory_id", max_bytes=checks.ID_MAX_LENGTH)
        yield from checks.text(memory.text, f"{path}.text", max_bytes=MAX_MEMORY_BYTES, required=True)
        yield from checks.enum_known(memory.type, f"{path}.type", mind.MemoryType, optional=True)
        yield from _properties(memory, path)
        yield from checks.in_range(memory.importance, f"{path}.importance", 0, 1)
        yield from checks.timestamp(memory.valid_from, f"{path}.valid_from")
        yield from checks.items(memory.contradicts, f"{path}.contradicts", high=MAX_NAMES)
        yield from checks.each(memory.contradicts, f"{path}.contradicts", _id)


def revise_memories(request: pb.ReviseMemoriesRequest) -> Iterator[Violation]:
    """ReviseMemories."""
    yield from _batch(request.mind_id, request.revisions, "revisions", request.idempotency_key)
    for index, revision in enumerate(request.revisions):
        path = f"revisions[{index}]"
        yield from _memory_id(revision.memory_id, path)
        yield from checks.text(revision.text, f"{path}.text", max_bytes=MAX_MEMORY_BYTES)
        yield from checks.text(revision.why, f"{path}.why", max_bytes=MAX_WHY_BYTES)
        yield from _properties(revision, path)
        if revision.HasField("importance"):
            yield from checks.in_range(revision.importance, f"{path}.importance", 0, 1)
        if {field.name for field, _ in revision.ListFields()} <= {"memory_id", "why"}:
            yield Violation(f"{path}.text", "must be set, or another property: nothing would change")


def retract_memories(request: pb.RetractMemoriesRequest) -> Iterator[Violation]:
    """RetractMemories."""
    yield from _batch(request.mind_id, request.retractions, "retractions", request.idempotency_key)
    for index, retraction in enumerate(request.retractions):
        path = f"retractions[{index}]"
        yield from _memory_id(retraction.memory_id, path)
        yield from checks.text(retraction.why, f"{path}.why", max_bytes=MAX_WHY_BYTES)
        yield from checks.text(
            retraction.superseded_by, f"{path}.superseded_by", max_bytes=checks.ID_MAX_LENGTH
        )


def rate_memories(request: pb.RateMemoriesRequest) -> Iterator[Violation]:
    """RateMemories."""
    yield from _batch(request.mind_id, request.ratings, "ratings", request.idempotency_key)
    for index, rating in enumerate(request.ratings):
        path = f"ratings[{index}]"
        yield from _memory_id(rating.memory_id, path)
        yield from checks.text(rating.why, f"{path}.why", max_bytes=MAX_WHY_BYTES)
        yield from checks.in_range(rating.rating, f"{path}.rating", -1, 1)


def _batch(mind_id: str, parts: Collection[object], field: str, key: str) -> Iterator[Violation]:
    yield from checks.mind_id(mind_id)
    yield from checks.items(parts, field, low=1, high=MAX_BATCH)
    yield from checks.text(key, "idempotency_key", max_bytes=MAX_KEY_BYTES)


def _memory_id(value: str, path: str) -> Iterator[Violation]:
    yield from _id(value, f"{path}.memory_id")


def _id(value: str, field: str) -> Iterator[Violation]:
    yield from checks.text(value, field, max_bytes=checks.ID_MAX_LENGTH, required=True)


def _properties(value: mind.MemoryRecorded | mind.MemoryRevised, path: str) -> Iterator[Violation]:
    for field in ("tags", "entities"):
        names = getattr(value, field)
        yield from checks.items(names, f"{path}.{field}", high=MAX_NAMES)
        yield from checks.each(names, f"{path}.{field}", _name)
    yield from checks.items(value.source_seqs, f"{path}.source_seqs", high=MAX_SEQS)
    yield from checks.timestamp(value.valid_to, f"{path}.valid_to")
    yield from checks.timestamp(value.expires_at, f"{path}.expires_at")


def _name(value: str, field: str) -> Iterator[Violation]:
    yield from checks.text(value, field, max_bytes=MAX_NAME_BYTES, required=True)


def page_token(value: str) -> Iterator[Violation]:
    """A token of an answer of ListMemories."""
    if value and not _LISTING_TOKEN.fullmatch(value):
        yield Violation("page_token", _TOKEN)


def search_token(value: str) -> Iterator[Violation]:
    """A token of an answer of Search."""
    if value and not _SEARCH_TOKEN.fullmatch(value):
        yield Violation("page_token", _TOKEN)


CHECKS: Mapping[type[Message], Check] = {
    pb.SearchRequest: search,
    pb.EmbedRequest: embed,
    pb.ListMemoriesRequest: list_memories,
    pb.GetMemoryRequest: get_memory,
    pb.GetMemoryHistoryRequest: get_memory_history,
    pb.ListMemoriesOfEventsRequest: list_memories_of_events,
    pb.RecordMemoriesRequest: record_memories,
    pb.ReviseMemoriesRequest: revise_memories,
    pb.RetractMemoriesRequest: retract_memories,
    pb.RateMemoriesRequest: rate_memories,
    pb.ClearCacheRequest: clear_cache,
    pb.StatsRequest: stats,
}
