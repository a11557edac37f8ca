"""Between wire and domain."""

from __future__ import annotations

from google.protobuf.timestamp_pb2 import Timestamp

from pmm.memory.v1 import memory_pb2 as pb
from services.memory.derive import nanoseconds
from services.memory.index import Filter
from services.memory.memories import Answer, CacheReport, Hit, Request
from services.memory.rows import Row

DEFAULT_K = 10
DEFAULT_PAGE = 100
_STRATEGIES = ("semantic", "keyword", "entity")


def request(message: pb.SearchRequest) -> Request:
    """A search."""
    return Request(
        mind_id=message.mind_id,
        query=message.query,
        k=message.k or DEFAULT_K,
        offset=int(message.page_token or 0),
        filter=wanted(message.filter),
        as_of_seq=message.as_of_seq if message.HasField("as_of_seq") else None,
        exact=message.exact,
    )


def wanted(message: pb.MemoryFilter) -> Filter:
    """A filter."""
    return Filter(
        types=frozenset(message.types),
        occurred_from_ns=nanoseconds(message.occurred_from),
        occurred_to_ns=nanoseconds(message.occurred_to),
        session_ids=frozenset(message.session_ids),
        not_session_ids=frozenset(message.not_session_ids),
        speakers=frozenset(speaker.lower() for speaker in message.speakers),
        entities=frozenset(entity.lower() for entity in message.entities),
        tags=frozenset(message.tags),
        min_importance=message.min_importance,
    )


def answer(found: Answer, asked: Request, *, explain: bool) -> pb.SearchResponse:
    """What a search found."""
    return pb.SearchResponse(
        results=[
            _scored(hit, rank, explain=explain) for rank, hit in enumerate(found.hits, asked.offset + 1)
        ],
        index_seq=found.index_seq,
        rebuilding=found.rebuilding,
        next_page_token=str(asked.offset + asked.k) if found.has_more else "",
        cached=found.cached,
    )


def _scored(hit: Hit, rank: int, *, explain: bool) -> pb.ScoredMemory:
    scored = pb.ScoredMemory(memory=memory(hit.row), score=hit.found.score)
    if explain:
        for name in _STRATEGIES:
            scored.strategies.add(
                strategy=name, raw=hit.found.raw[name], normalized=hit.found.normalized[name], rank=rank
            )
    return scored


def memory(row: Row) -> pb.Memory:
    """One version of a memory."""
    return pb.Memory(
        memory_id=row.memory_id,
        type=row.type,  # type: ignore[arg-type]
        text=row.text,
        speaker=row.speaker,
        occurred_at=_timestamp(row.occurred_ns),
        recorded_at=_timestamp(row.recorded_ns),
        session_id=row.session_id,
        source_seqs=row.source_seqs,
        importance=row.importance,
        tags=row.tags,
        entities=row.entities,
        valid_from=_timestamp(row.valid_from_ns),
        valid_to=_timestamp(row.valid_to_ns),
        expires_at=_timestamp(row.expires_ns),
        version=row.version,
        retracted=row.retracted,
        version_seq=row.version_seq,
        source_kind=row.source_kind,
        external_id=row.external_id,
    )


def cache_stats(report: CacheReport) -> pb.CacheStats:
    """How one cache does."""
    asked = report.lifetime_hits + report.lifetime_misses
    return pb.CacheStats(
        name=report.name,
        entries=report.entries,
        bytes=report.bytes,
        hits=report.counts.hits,
        misses=report.counts.misses,
        evictions=report.counts.evictions,
        lifetime_hit_rate=report.lifetime_hits / asked if asked else 0.0,
    )


def _timestamp(ns: int) -> Timestamp | None:
    if not ns:
        return None
    seconds, nanos = divmod(ns, 1_000_000_000)
    return Timestamp(seconds=seconds, nanos=nanos)
