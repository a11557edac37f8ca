"""``pmm memory``: what a mind remembers, found and shown."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from pmm.memory.v1.memory_pb2 import ClearCacheRequest, StatsRequest
from pmm_client.cli import completion, memory_changes, output
from pmm_client.cli.completion import DEFAULT_MIND
from pmm_client.cli.connection import Connection
from pmm_client.cli.listing import Limit, first, say_more, up_to
from pmm_client.cli.memory_options import (
    Entities,
    From,
    Important,
    Sessions,
    Speakers,
    Tags,
    To,
    Types,
    memory_filter,
)
from pmm_client.cli.options import (
    AsOf,
    Json,
    MindOrMine,
    calls_server,
    moment,
    read_seq_or_0,
    time_option,
    time_zone,
)
from pmm_client.jsonable import to_json

MinSeq = Annotated[
    int, typer.Option(parser=read_seq_or_0, metavar="SEQ", help="Wait until memory has reached this event.")
]
OfMind = Annotated[
    str, typer.Option("--mind", metavar="NAME", help="Of this mind alone.", autocompletion=completion.minds)
]


def register(app: typer.Typer) -> None:
    """Add every command of the group."""
    calls_server(app, "search")(search)
    calls_server(app, "list")(list_memories)
    memory_changes.register(app)
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
        datetime | None, time_option("--at", help='The clock by which "last May" is read; now.')
    ] = None,
    as_of: AsOf = None,
    min_seq: MinSeq = 0,
    explain: Annotated[bool, typer.Option("--explain", help="A score per strategy.")] = False,
    distinct: Annotated[
        bool, typer.Option("--distinct", help="Without memories whose message is found as well.")
    ] = False,
    page_token: Annotated[
        str,
        typer.Option(
            "--page-token", metavar="TOKEN", help="Those that come next, as the search before says."
        ),
    ] = "",
    as_json: Json = False,
) -> None:
    """Find what a mind remembers, best first.

    Example: pmm memory search "where does my sister live" --mind ada
    """
    wanted = memory_filter(kind, speaker, session, entity, tag, since, until, important)
    async with connection.open("memory") as client:
        found = await client.mind(mind).search(
            query,
            k=k,
            filter=wanted,
            query_time=moment(at),
            as_of_seq=as_of,
            min_seq=min_seq,
            explain=explain,
            distinct=distinct,
            time_zone=time_zone(),
            page_token=page_token,
        )
    if as_json:
        output.json_line(to_json(found))
    elif found.results:
        output.console().print(output.explained_table(found) if explain else output.found_table(found))
        say_more(bool(found.next_page_token), f"the same with --page-token {found.next_page_token}")
    else:
        output.line("Nothing that fits is remembered.")


async def list_memories(
    connection: Connection,
    mind: MindOrMine = DEFAULT_MIND,
    limit: Limit = 50,
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
    wanted = memory_filter(kind, speaker, session, entity, tag, since, until, important)
    async with connection.open("memory") as client:
        listed = client.mind(mind).memories(filter=wanted, min_seq=min_seq)
        if as_json:
            async for memory in up_to(limit, listed):
                output.json_line(memory)
            return
        found, has_more = await first(limit, listed)
    if found:
        output.console().print(output.memories_table([(memory, None) for memory in found]))
        say_more(has_more)
    else:
        output.line("Nothing that fits is remembered." if wanted.ByteSize() else "Nothing is remembered yet.")


async def history(
    connection: Connection,
    memory_id: Annotated[
        str, typer.Argument(metavar="ID", help="The memory.", autocompletion=completion.memories)
    ],
    mind: MindOrMine = DEFAULT_MIND,
    as_json: Json = False,
) -> None:
    """Show the versions of a memory, the 1,000 newest at most, and the events that they came from.

    Example: pmm memory history m-1f0c --mind ada
    """
    async with connection.open("memory") as client:
        found = await client.mind(mind).memory_history(memory_id)
    if as_json:
        output.json_line(found)
        return
    if found.left_out:
        older = output.counted(found.left_out, "older version")
        output.line(f"{older} left out: there is no room for more.")
    output.console().print(output.versions_table(found.versions))


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
        typer.Argument(
            metavar="CACHE",
            help="embeddings, queries, results, understanding; all.",
            autocompletion=completion.words("embeddings", "queries", "results", "understanding"),
        ),
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
        output.line(f"{output.counted(cleared.removed, 'entry', 'entries')} removed.")
