"""Between wire and domain."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, unquote

from pmm.memory.v1 import memory_pb2 as pb
from services.memory.filters import EVERYTHING, Filter
from services.memory.lookup import Place
from services.memory.reporting import CacheReport, Report
from services.memory.requests import Answer, Hit, Request
from services.memory.rows import Row
from services.runtime.times import nanoseconds

DEFAULT_K = 10
DEFAULT_PAGE = 100


def request(message: pb.SearchRequest) -> Request:
    """A search. A page after the first one answers as of the seq at which the first one stood."""
    offset, as_of_seq, erasures = 0, message.as_of_seq if message.HasField("as_of_seq") else None, None
    if message.page_token:
        offset, as_of_seq, erasures = map(int, message.page_token.split("."))
    return Request(
        mind_id=message.mind_id,
        query=message.query,
        k=message.k or DEFAULT_K,
        offset=offset,
        filter=wanted(message.filter) if message.HasField("filter") else EVERYTHING,
        now_ns=nanoseconds(message.query_time),
        as_of_seq=as_of_seq,
        erasures=erasures,
        exact=message.exact,
        explain=message.explain,
        distinct=message.distinct,
        time_zone=message.time_zone,
    )


def wanted(message: pb.MemoryFilter) -> Filter:
    """A filter."""
    return Filter(
        types=frozenset(message.types),
        occurred_from_ns=nanoseconds(message.occurred_from),
        occurred_to_ns=nanoseconds(message.occurred_to),
        recorded_from_ns=nanoseconds(message.recorded_from),
        recorded_to_ns=nanoseconds(message.recorded_to),
        valid_at_ns=nanoseconds(message.valid_at),
        session_ids=frozenset(message.session_ids),
        not_session_ids=frozenset(message.not_session_ids),
        speakers=frozenset(speaker.lower() for speaker in message.speakers),
        entities=frozenset(entity.lower() for entity in message.entities),
        tags=frozenset(message.tags),
        any_tags=frozenset(message.any_tags),
        min_importance=message.min_importance or None,
        max_importance=message.max_importance if message.HasField("max_importance") else None,
        any_of=tuple(map(wanted, message.any_of)),
        none_of=tuple(map(wanted, message.none_of)),
    )


def place(token: str) -> Place | None:
    """Where a listing goes on; None at its beginning."""
    if not token:
        return None
    as_of_seq, foldings, version_seq, memory_id = token.split(".", 3)
    return Place(int(as_of_seq), int(foldings), int(version_seq), unquote(memory_id))


def token(following: Place | None) -> str:
    """The same as a page_token; empty at the end."""
    if following is None:
        return ""
    numbers = f"{following.as_of_seq}.{following.foldings}.{following.version_seq}"
    return f"{numbers}.{quote(following.memory_id, safe='')}"


def answer(found: Answer, asked: Request) -> pb.SearchResponse:
    """What a search found."""
    as_of_seq = found.index_seq if asked.as_of_seq is None else asked.as_of_seq
    return pb.SearchResponse(
        results=_explained(found.hits) if asked.explain else map(_scored, found.hits),
        index_seq=found.index_seq,
        rebuilding=found.rebuilding,
        next_page_token=f"{found.next_offset}.{as_of_seq}.{found.erasures}" if found.next_offset else "",
        cached=found.cached,
    )


def _scored(hit: Hit) -> pb.ScoredMemory:
    return pb.ScoredMemory(memory=memory(hit.row), score=hit.score, superseded_by=hit.superseded_by)


def _explained(hits: list[Hit]) -> list[pb.ScoredMemory]:
    results = [_scored(hit) for hit in hits]
    for name in hits[0].strategies if hits else ():
        order = sorted(range(len(hits)), key=lambda place: -hits[place].strategies[name][1])
        for rank, place in enumerate(order, 1):
            raw, added = hits[place].strategies[name]
            results[place].strategies.add(strategy=name, raw=raw, normalized=added, rank=rank)
    return results


def memory(row: Row) -> pb.Memory:
    """One version of a memory."""
    times = {
        "occurred_at": row.occurred_ns,
        "recorded_at": row.recorded_ns,
        "valid_from": row.valid_from_ns,
        "valid_to": row.valid_to_ns,
        "expires_at": row.expires_ns,
    }
    return pb.Memory(
        memory_id=row.memory_id,
        type=row.type,  # type: ignore[arg-type]
        text=row.text,
        speaker=row.speaker,
        session_id=row.session_id,
        source_seqs=row.source_seqs + row.also_seqs,
        importance=row.importance,
        tags=row.tags or None,
        entities=row.entities or None,
        version=row.version,
        retracted=row.retracted,
        version_seq=row.version_seq,
        source_kind=row.source_kind,
        external_id=row.external_id,
        rating=row.rating,
        ratings=row.ratings,
        text_seq=row.text_seq or row.formed_seq,
        **{name: _timestamp(ns) for name, ns in times.items() if ns},
    )


def stats(report: Report) -> pb.StatsResponse:
    """How memory does."""
    held, mind = report.held, report.mind
    return pb.StatsResponse(
        memories=held.memories,
        minds=held.minds,
        index_seq=mind.seq,
        index_position=report.position,
        rebuilding=report.is_rebuilding,
        rebuild_progress=report.progress,
        embedder=report.embedder,
        dimensions=report.dimensions,
        index_kind=mind.kind,
        caches=map(_cache, report.caches),
        disk_bytes=report.disk_bytes,
        skipped=[pb.SkippedEvent(mind_id=name, seq=seq, reason=why) for name, seq, why in held.skipped],
        device=report.device,
        skipped_count=held.skipped_count,
        next_embedder=report.next_embedder,
        next_embedder_progress=report.next_progress,
        loaded_minds=report.loaded_minds,
        compared_memories=mind.compared,
    )


def _cache(report: CacheReport) -> pb.CacheStats:
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


def _timestamp(ns: int) -> Any:
    """As protobuf takes it in place of a ``Timestamp``, in half the time."""
    seconds, nanos = divmod(ns, 1_000_000_000)
    return {"seconds": seconds, "nanos": nanos}
