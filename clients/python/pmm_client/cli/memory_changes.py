"""``pmm memory``: what a mind is to remember, and what no more."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from google.protobuf.json_format import ParseDict, ParseError
from google.protobuf.message import Message

from pmm.mind.v1.events_pb2 import (
    MemoryRated,
    MemoryRecorded,
    MemoryRetracted,
    MemoryRevised,
)
from pmm_client.cli import completion, exits, output
from pmm_client.cli.completion import DEFAULT_MIND
from pmm_client.cli.connection import CliError, Connection
from pmm_client.cli.memory_options import memory_types
from pmm_client.cli.options import LOCAL, Json, MindOrMine, Why, calls_server, moment, read_seq, time_option
from pmm_client.cli.standard_input import read_all
from pmm_client.messages import timestamp
from pmm_client.mind import Mind

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


def register(app: typer.Typer) -> None:
    """Add the commands that change something."""
    calls_server(app, "add")(add)
    calls_server(app, "revise")(revise)
    calls_server(app, "retract")(retract)
    calls_server(app, "rate")(rate)


async def add(
    connection: Connection,
    mind: MindOrMine = DEFAULT_MIND,
    texts: Annotated[list[str] | None, typer.Argument(metavar="TEXT", help="One sentence each.")] = None,
    kind: Annotated[
        str,
        typer.Option(
            "--type",
            help="fact, preference, event, relationship or other.",
            autocompletion=completion.words("fact", "preference", "event", "relationship", "other"),
        ),
    ] = "fact",
    importance: Annotated[float, typer.Option(min=0, max=1, help="From 0, trivia, to 1, vital.")] = 0,
    tag: Annotated[
        list[str] | None,
        typer.Option("--tag", help="To filter by; may be repeated.", autocompletion=completion.tags),
    ] = None,
    entity: Annotated[
        list[str] | None,
        typer.Option("--entity", help="Who or what it is about.", autocompletion=completion.entities),
    ] = None,
    source: Annotated[
        list[int] | None,
        typer.Option("--source", parser=read_seq, metavar="SEQ", help="An event that it came from."),
    ] = None,
    since: Annotated[
        datetime | None, time_option("--valid-from", help=f"Since when it holds; {LOCAL}.")
    ] = None,
    ttl: Annotated[str, typer.Option(metavar="TIME", help="Forget it after 90m, 12h, 30d or 8w.")] = "",
    contradicts: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ID", help="A memory that ceases to hold with it.", autocompletion=completion.memories
        ),
    ] = None,
    file: Jsonl = None,
    as_json: Json = False,
) -> None:
    """Form memories. What is held in the same words already is not formed twice.

    Example: pmm memory add "Ana lives in Porto" --mind ada --entity Ana
    """
    expires = datetime.now(UTC) + _duration(ttl) if ttl else None
    read = _read(file, MemoryRecorded)
    for memory in read:
        memory.type = memory.type or memory_types([kind])[0]
    memories = read + [
        MemoryRecorded(
            text=text,
            type=memory_types([kind])[0],
            importance=importance,
            tags=tag,
            entities=entity,
            source_seqs=source,
            valid_from=timestamp(moment(since)),
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
    memory_id: Annotated[
        str, typer.Argument(metavar="ID", help="The memory.", autocompletion=completion.memories)
    ] = "",
    text: Annotated[str, typer.Argument(metavar="TEXT", help="The new words; left out: the old ones.")] = "",
    importance: Annotated[float | None, typer.Option(min=0, max=1, help="The new importance.")] = None,
    tag: Annotated[
        list[str] | None, typer.Option("--tag", help="The new tags.", autocompletion=completion.tags)
    ] = None,
    entity: Annotated[
        list[str] | None,
        typer.Option("--entity", help="The new entities.", autocompletion=completion.entities),
    ] = None,
    until: Annotated[datetime | None, time_option("--valid-to", help=f"Until when it held; {LOCAL}.")] = None,
    ttl: Annotated[str, typer.Option(metavar="TIME", help="Forget it after 90m, 12h, 30d or 8w.")] = "",
    why: Why = "",
    file: Jsonl = None,
    as_json: Json = False,
) -> None:
    """Give a memory a new version; the old one stays in its history.

    Example: pmm memory revise m-1f0c "Ana lives in Lisbon" --mind ada
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
            valid_to=timestamp(moment(until)),
            expires_at=timestamp(expires),
        )
        if importance is not None:
            revision.importance = importance
        revisions.append(revision)
    seq = await _sent(connection, mind, revisions, Mind.revise_memories)
    _done(as_json, seq, f"{_count(revisions)} revised.")


async def retract(
    connection: Connection,
    mind: MindOrMine = DEFAULT_MIND,
    memory_ids: Annotated[
        list[str] | None,
        typer.Argument(metavar="ID", help="The memories.", autocompletion=completion.memories),
    ] = None,
    superseded_by: Annotated[
        str,
        typer.Option(
            metavar="ID", help="The memory that takes their place.", autocompletion=completion.memories
        ),
    ] = "",
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
    seq = await _sent(connection, mind, retractions, Mind.retract_memories)
    _done(as_json, seq, f"{_count(retractions)} taken back.")


async def rate(
    connection: Connection,
    mind: MindOrMine = DEFAULT_MIND,
    memory_ids: Annotated[
        list[str] | None,
        typer.Argument(metavar="ID", help="The memories.", autocompletion=completion.memories),
    ] = None,
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
    seq = await _sent(connection, mind, ratings, Mind.rate_memories)
    _done(as_json, seq, f"{_count(ratings)} rated.")


async def _sent(
    connection: Connection,
    mind: str,
    changes: Sequence[M],
    send: Callable[[Mind, Sequence[M]], Awaitable[int]],
) -> int:
    """Send changes a batch at a time, and wait until searches see them; the last one's seq."""
    _some(changes, "ID")
    seq = 0
    async with connection.open("memory") as client:
        changed = client.mind(mind)
        for batch in _batches(changes):
            seq = await send(changed, batch)
        await changed.wait_for_index(seq)
    return seq


def _duration(text: str) -> timedelta:
    match = _DURATION.fullmatch(text)
    if not match:
        raise CliError(f"--ttl {text!r} must be a number with m, h, d or w, as in 30d", exits.USAGE)
    try:
        return timedelta(**{_UNITS[match[2]]: int(match[1])})
    except OverflowError:
        raise CliError(
            f"--ttl {text!r} is longer than anything lasts: say for example 30d", exits.USAGE
        ) from None


def _read(file: Path | None, kind: type[M]) -> list[M]:
    if file is None:
        return []
    try:
        content = read_all() if str(file) == "-" else file.read_bytes()
    except OSError as error:
        raise CliError(f"{file} cannot be read: {error.strerror}", exits.USAGE) from None
    found: list[M] = []
    # Bytes: of a text, U+2028 would end a line too, which JSON may hold.
    for number, line in enumerate(content.splitlines(), 1):
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
