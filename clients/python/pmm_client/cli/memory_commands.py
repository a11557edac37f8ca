"""``pmm memory``: what a mind remembers."""

from __future__ import annotations

from typing import Annotated

import typer

from pmm.memory.v1.memory_pb2 import MemoryFilter
from pmm_client.cli import output
from pmm_client.cli.connection import Connection
from pmm_client.cli.options import Json, calls_server
from pmm_client.jsonable import to_json

MindOption = Annotated[str, typer.Option(help="The mind.", show_default=False)]
Speakers = Annotated[
    list[str] | None, typer.Option("--speaker", help="Only what they said; may be repeated.")
]
Sessions = Annotated[
    list[str] | None, typer.Option("--session", help="Only from this session; may be repeated.")
]
MinSeq = Annotated[int, typer.Option(min=0, metavar="SEQ", help="Wait until memory has reached this event.")]


def register(app: typer.Typer) -> None:
    """Add ``search`` and ``list``."""
    calls_server(app, "search")(search)
    calls_server(app, "list")(list_memories)


async def search(
    connection: Connection,
    query: Annotated[str, typer.Argument(metavar="QUERY", help="Words, a question, a sentence.")],
    mind: MindOption,
    k: Annotated[int, typer.Option("-k", min=1, max=1000, help="At most so many.")] = 10,
    speaker: Speakers = None,
    session: Sessions = None,
    min_seq: MinSeq = 0,
    explain: Annotated[bool, typer.Option("--explain", help="With --json: a score per strategy.")] = False,
    as_json: Json = False,
) -> None:
    """Find what a mind remembers, best first.

    Example: pmm memory search "where does my sister live" --mind ada
    """
    async with connection.open("memory") as client:
        found = await client.mind(mind).search(
            query, k=k, filter=_filter(speaker, session), min_seq=min_seq, explain=explain
        )
    if as_json:
        output.json_line(to_json(found))
    elif found.results:
        output.console().print(output.found_table(found))
    else:
        output.line("Nothing that fits is remembered.")


async def list_memories(
    connection: Connection,
    mind: MindOption,
    limit: Annotated[int, typer.Option(min=0, help="Stop after so many; 0: no limit.")] = 50,
    speaker: Speakers = None,
    session: Sessions = None,
    min_seq: MinSeq = 0,
    as_json: Json = False,
) -> None:
    """List what a mind remembers, newest first; with --json one object a line.

    Example: pmm memory list --mind ada --limit 20
    """
    listed = []
    async with connection.open("memory") as client:
        memories = client.mind(mind).memories(filter=_filter(speaker, session), min_seq=min_seq)
        async for memory in memories:
            if as_json:
                output.json_line(memory)
            listed.append((memory, None))
            if len(listed) == limit:
                break
    if not as_json and listed:
        output.console().print(output.memories_table(listed))
    elif not as_json:
        output.line("Nothing is remembered yet.")


def _filter(speakers: list[str] | None, sessions: list[str] | None) -> MemoryFilter:
    return MemoryFilter(speakers=speakers or (), session_ids=sessions or ())
