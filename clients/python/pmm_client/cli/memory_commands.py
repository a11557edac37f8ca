"""``pmm memory``: what a mind remembers, found and managed."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from google.protobuf.json_format import ParseDict, ParseError
from google.protobuf.message import Message

from pmm.memory.v1.memory_pb2 import ClearCacheRequest, MemoryFilter, StatsRequest
from pmm.mind.v1.events_pb2 import (
    MemoryRated,
    MemoryRecorded,
    MemoryRetracted,
    MemoryRevised,
    MemoryType,
)
from pmm_client.cli import completion, exits, output
from pmm_client.cli.completion import DEFAULT_MIND
from pmm_client.cli.connection import CliError, Connection
from pmm_client.cli.options import Json, MindOrMine, Why, calls_server
from pmm_client.jsonable import to_json
from pmm_client.messages import timestamp

Types = Annotated[
    list[str] | None,
    typer.Option("--type", help="Only these: episode, fact, preference, event, relationship, other."),
]
Speakers = Annotated[
    list[str] | None, typer.Option("--speaker", help="Only what they said; may be repeated.")
]
Sessions = Annotated[
    list[str] | None, typer.Option("--session", help="Only from this session; may be repeated.")
]
Entities = Annotated[list[str] | None, typer.Option("--entity", help="Only about one of these.")]
Tags = Annotated[list[str] | None, typer.Option("--tag", help="Only what bears all of these.")]
From = Annotated[datetime | None, typer.Option("--from", help="Only what occurred at or after (UTC).")]
To = Annotated[datetime | None, typer.Option("--to", help="Only what occurred before (UTC).")]
Important = Annotated[float, typer.Option("--important", min=0, max=1, help="Only what is so important.")]
MinSeq = Annotated[int, typer.Option(min=0, metavar="SEQ", help="Wait until memory has reached this event.")]
Jsonl = Annotated[
    Path | None,
    typer.Option(
        "--from-file", metavar="FILE", help="A JSON object a line, as in the contract; - reads stdin."
    ),
]
BATCH = 100
"""What one call takes."""
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_DURATION = re.compile(r"(\d+)([mhdw])")
M = TypeVar("M", bound=Message)

OfMind = Annotated[
    str, typer.Option("--mind", metavar="NAME", help="Of this mind alone.", autocompletion=completion.minds)
]


def register(app: typer.Typer) -> None:
    """Add every command of the group."""
    calls_server(app, "search")(search)
    calls_server(app, "list")(list_memories)
    calls_server(app, "add")(add)
    calls_server(app, "revise")(revise)
    calls_server(app, "retract")(retract)
    calls_server(app, "rate")(rate)
    calls_server(app, "history")(history)
    calls_server(app, "stats")(stats)
    calls_server(app, "clear-cache")(clear_cache)


async def search(
    connection: Connection,
    query: Annotated[str, typer.Argument(metavar="QUERY", help="Words, a question, a sentence.")],
    mind: MindOrMine = DEFAULT_MIND,
    k: Annotated[int, typer.Option("-k", min=1, max=1000, help="At most so many.")] = 10,
    kind: Types = None,
    speaker: Speakers = None,
    session: Sessions = None,
    entity: Entities = None,
    tag: Tags = None,
    since: From = None,
    until: To = None,
    important: Important = 0,
    at: Annotated[
        datetime | None, typer.Option("--at", help='The clock by which "last May" is read (UTC); now.')
    ] = None,
    as_of: Annotated[
        int | None, typer.Option("--as-of", metavar="SEQ", help="As it was at this event.")
    ] = None,
    min_seq: MinSeq = 0,
    explain: Annotated[bool, typer.Option("--explain", help="A score per strategy.")] = False,
    as_json: Json = False,
) -> None:
    """Find what a mind remembers, best first.

    Example: pmm memory search "where does my sister live" --mind ada
    """
    wanted = _filter(kind, speaker, session, entity, tag, since, until, important)
    async with connection.open("memory") as client:
        found = await client.mind(mind).search(
            query, k=k, filter=wanted, query_time=_utc(at), as_of_seq=as_of, min_seq=min_seq, explain=explain
        )
    if as_json:
        output.json_line(to_json(found))
    elif found.results:
        output.console().print(output.explained_table(found) if explain else output.found_table(found))
    else:
        output.line("Nothing that fits is remembered.")


async def list_memories(
    connection: Connection,
    mind: MindOrMine = DEFAULT_MIND,
    limit: Annotated[int, typer.Option(min=0, help="Stop after so many; 0: no limit.")] = 50,
    kind: Types = None,
    speaker: Speakers = None,
    session: Sessions = None,
    entity: Entities = None,
    tag: Tags = None,
    since: From = None,
    until: To = None,
    important: Important = 0,
    min_seq: MinSeq = 0,
    as_json: Json = False,
) -> None:
    """List what a mind remembers, newest first; with --json one object a line.

    Example: pmm memory list --mind ada --type fact --limit 20
    """
    wanted = _filter(kind, speaker, session, entity, tag, since, until, important)
    listed = []
    async with connection.open("memory") as client:
        async for memory in client.mind(mind).memories(filter=wanted, min_seq=min_seq):
            if as_json:
                output.json_line(memory)
            listed.append((memory, None))
            if len(listed) == limit:
                break
    if not as_json and listed:
        output.console().print(output.memories_table(listed))
    elif not as_json:
        output.line("Nothing is remembered yet.")


async def add(
    connection: Connection,
    mind: MindOrMine = DEFAULT_MIND,
    texts: Annotated[list[str] | None, typer.Argument(metavar="TEXT", help="One sentence each.")] = None,
    kind: Annotated[
        str, typer.Option("--type", help="fact, preference, event, relationship or other.")
    ] = "fact",
    importance: Annotated[float, typer.Option(min=0, max=1, help="From 0, trivia, to 1, vital.")] = 0,
    tag: Annotated[list[str] | None, typer.Option("--tag", help="To filter by; may be repeated.")] = None,
    entity: Annotated[list[str] | None, typer.Option("--entity", help="Who or what it is about.")] = None,
    source: Annotated[list[int] | None, typer.Option("--source", help="An event that it came from.")] = None,
    since: Annotated[datetime | None, typer.Option("--valid-from", help="Since when it holds (UTC).")] = None,
    ttl: Annotated[str, typer.Option(metavar="TIME", help="Forget it after 90m, 12h, 30d or 8w.")] = "",
    contradicts: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="A memory that ceases to hold with it.")
    ] = None,
    file: Jsonl = None,
    as_json: Json = False,
) -> None:
    """Form memories. What is held in the same words already is not formed twice.

    Example: pmm memory add "Ana lives in Porto" --mind ada --tag home --entity Ana
    """
    expires = datetime.now(UTC) + _duration(ttl) if ttl else None
    read = _read(file, MemoryRecorded)
    for memory in read:
        memory.type = memory.type or _types([kind])[0]
    memories = read + [
        MemoryRecorded(
            text=text,
            type=_types([kind])[0],
            importance=importance,
            tags=tag,
            entities=entity,
            source_seqs=source,
            valid_from=timestamp(_utc(since)),
            expires_at=timestamp(expires),
            contradicts=contradicts,
        )
        for text in texts or ()
    ]
    _some(memories, "TEXT")
    seq, ids = 0, []
    async with connection.open("memory") as client:
        for batch in _batches(memories):
            formed = await client.mind(mind).record_memories(batch)
            seq = formed.seq
            ids += formed.memory_ids
        await client.mind(mind).wait_for_index(seq)
    if as_json:
        output.json_line({"memory_ids": ids, "seq": seq})
        return
    for memory_id, memory in zip(ids, memories, strict=True):
        output.line(f"{memory_id}  {memory.text}")


async def revise(
    connection: Connection,
    mind: MindOrMine = DEFAULT_MIND,
    memory_id: Annotated[str, typer.Argument(metavar="ID", help="The memory.")] = "",
    text: Annotated[str, typer.Argument(metavar="TEXT", help="The new words; left out: the old ones.")] = "",
    importance: Annotated[float | None, typer.Option(min=0, max=1, help="The new importance.")] = None,
    tag: Annotated[list[str] | None, typer.Option("--tag", help="The new tags.")] = None,
    entity: Annotated[list[str] | None, typer.Option("--entity", help="The new entities.")] = None,
    until: Annotated[datetime | None, typer.Option("--valid-to", help="Until when it held (UTC).")] = None,
    ttl: Annotated[str, typer.Option(metavar="TIME", help="Forget it after 90m, 12h, 30d or 8w.")] = "",
    why: Why = "",
    file: Jsonl = None,
    as_json: Json = False,
) -> None:
    """Give a memory a new version; the old one stays in its history.

    Example: pmm memory revise m-1f0c "Ana lives in Lisbon" --mind ada --why "she told me"
    """
    revisions = _read(file, MemoryRevised)
    if memory_id:
        expires = datetime.now(UTC) + _duration(ttl) if ttl else None
        revision = MemoryRevised(
            memory_id=memory_id,
            text=text,
            tags=tag,
            entities=entity,
            why=why,
            valid_to=timestamp(_utc(until)),
            expires_at=timestamp(expires),
        )
        if importance is not None:
            revision.importance = importance
        revisions.append(revision)
    _some(revisions, "ID")
    seq = 0
    async with connection.open("memory") as client:
        for batch in _batches(revisions):
            seq = await client.mind(mind).revise_memories(batch)
        await client.mind(mind).wait_for_index(seq)
    _done(as_json, seq, f"{_count(revisions)} revised.")


async def retract(
    connection: Connection,
    mind: MindOrMine = DEFAULT_MIND,
    memory_ids: Annotated[list[str] | None, typer.Argument(metavar="ID", help="The memories.")] = None,
    superseded_by: Annotated[str, typer.Option(metavar="ID", help="The memory that takes their place.")] = "",
    why: Why = "",
    file: Jsonl = None,
    as_json: Json = False,
) -> None:
    """Take memories back: they are found no more, and stay in their history. To erase, see pmm mind forget.

    Example: pmm memory retract m-1f0c --mind ada --why "a misunderstanding"
    """
    retractions = _read(file, MemoryRetracted) + [
        MemoryRetracted(memory_id=memory_id, why=why, superseded_by=superseded_by)
        for memory_id in memory_ids or ()
    ]
    _some(retractions, "ID")
    seq = 0
    async with connection.open("memory") as client:
        for batch in _batches(retractions):
            seq = await client.mind(mind).retract_memories(batch)
        await client.mind(mind).wait_for_index(seq)
    _done(as_json, seq, f"{_count(retractions)} taken back.")


async def rate(
    connection: Connection,
    mind: MindOrMine = DEFAULT_MIND,
    memory_ids: Annotated[list[str] | None, typer.Argument(metavar="ID", help="The memories.")] = None,
    rating: Annotated[
        float, typer.Option(min=-1, max=1, help="From -1, it did harm, to 1, it helped.")
    ] = 1.0,
    why: Why = "",
    file: Jsonl = None,
    as_json: Json = False,
) -> None:
    """Judge memories: those that help come first in later searches, those that harm last.

    Example: pmm memory rate m-1f0c e7 --rating -0.5 --mind ada
    """
    ratings = _read(file, MemoryRated) + [
        MemoryRated(memory_id=memory_id, rating=rating, why=why) for memory_id in memory_ids or ()
    ]
    _some(ratings, "ID")
    seq = 0
    async with connection.open("memory") as client:
        for batch in _batches(ratings):
            seq = await client.mind(mind).rate_memories(batch)
        await client.mind(mind).wait_for_index(seq)
    _done(as_json, seq, f"{_count(ratings)} rated.")


async def history(
    connection: Connection,
    memory_id: Annotated[str, typer.Argument(metavar="ID", help="The memory.")],
    mind: MindOrMine = DEFAULT_MIND,
    as_json: Json = False,
) -> None:
    """Show every version of a memory, and the events that it came from.

    Example: pmm memory history m-1f0c --mind ada
    """
    async with connection.open("memory") as client:
        versions = await client.mind(mind).memory_history(memory_id)
    if as_json:
        output.json_line([to_json(version) for version in versions])
    else:
        output.console().print(output.versions_table(versions))


async def stats(
    connection: Connection,
    of: OfMind = "",
    as_json: Json = False,
) -> None:
    """Say how much is remembered, how far the index is, and how the caches do.

    Example: pmm memory stats --mind ada
    """
    async with connection.open("memory") as client:
        found = await client.memory.stats(StatsRequest(mind_id=of), timeout=client.timeout)
    if as_json:
        output.json_line(found)
    else:
        output.console().print(output.stats_table(found))


async def clear_cache(
    connection: Connection,
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="CACHE", help="embeddings, queries, results, understanding; all."),
    ] = None,
    of: OfMind = "",
    as_json: Json = False,
) -> None:
    """Empty memory's caches. It costs nothing but speed.

    Example: pmm memory clear-cache results queries
    """
    async with connection.open("memory") as client:
        request = ClearCacheRequest(caches=names or (), mind_id=of)
        cleared = await client.memory.clear_cache(request, timeout=client.timeout)
    if as_json:
        output.json_line(cleared)
    else:
        output.line(f"{cleared.removed:,} entries removed.")


def _filter(
    types: list[str] | None,
    speakers: list[str] | None,
    sessions: list[str] | None,
    entities: list[str] | None,
    tags: list[str] | None,
    since: datetime | None,
    until: datetime | None,
    important: float,
) -> MemoryFilter:
    return MemoryFilter(
        types=_types(types or ()),
        speakers=speakers or (),
        session_ids=sessions or (),
        entities=entities or (),
        tags=tags or (),
        occurred_from=timestamp(_utc(since)),
        occurred_to=timestamp(_utc(until)),
        min_importance=important,
    )


def _types(names: Sequence[str]) -> list[MemoryType.ValueType]:
    known = {name.removeprefix("MEMORY_TYPE_").lower(): value for name, value in MemoryType.items() if value}
    for name in names:
        if name.lower() not in known:
            raise CliError(f"--type {name!r} is none of {', '.join(known)}", exits.USAGE)
    return [known[name.lower()] for name in names]


def _utc(time: datetime | None) -> datetime | None:
    return time.replace(tzinfo=UTC) if time else None


def _duration(text: str) -> timedelta:
    match = _DURATION.fullmatch(text)
    if not match:
        raise CliError(f"--ttl {text!r} must be a number with m, h, d or w, as in 30d", exits.USAGE)
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


def _read(file: Path | None, kind: type[M]) -> list[M]:
    if file is None:
        return []
    try:
        lines = (sys.stdin.read() if str(file) == "-" else file.read_text("utf-8")).splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise CliError(f"{file} cannot be read: {error}", exits.USAGE) from None
    found: list[M] = []
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                found.append(ParseDict(json.loads(line), kind()))
            except (ValueError, ParseError) as error:
                raise CliError(f"{file}, line {number}: {error}", exits.USAGE) from None
    return found


def _some(given: Sequence[object], name: str) -> None:
    if not given:
        raise CliError(f"say at least one {name}, or --from-file FILE", exits.USAGE)


def _batches(items: Sequence[M]) -> list[Sequence[M]]:
    return [items[first : first + BATCH] for first in range(0, len(items), BATCH)]


def _count(items: Sequence[object]) -> str:
    return f"{len(items)} memory" if len(items) == 1 else f"{len(items)} memories"


def _done(as_json: bool, seq: int, words: str) -> None:
    if as_json:
        output.json_line({"seq": seq})
    else:
        output.line(words)
