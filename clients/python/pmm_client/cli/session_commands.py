"""``pmm session``: the conversations of a mind, and what they were like."""

from __future__ import annotations

from typing import Annotated

import typer

from pmm_client.cli import output
from pmm_client.cli.connection import Connection
from pmm_client.cli.options import Json, MindOption, calls_server
from pmm_client.jsonable import to_json
from pmm_client.names import privacy_name

Id = Annotated[str, typer.Argument(metavar="ID", help="As `pmm session list` shows it.", show_default=False)]


def register(app: typer.Typer) -> None:
    """Add ``list``, ``show``, ``rename`` and ``end``."""
    calls_server(app, "list")(list_sessions)
    calls_server(app, "show")(show)
    calls_server(app, "rename")(rename)
    calls_server(app, "end")(end)


async def list_sessions(connection: Connection, mind: MindOption, as_json: Json = False) -> None:
    """List the conversations of a mind, the latest first.

    Example: pmm session list --mind ada
    """
    async with connection.open() as client:
        found = [one async for one in client.mind(mind).sessions()]
    if as_json:
        output.json_line([to_json(one) for one in found])
        return
    if not found:
        output.line("There are no sessions yet.")
        return
    made = output.table("session", "began", "messages", "privacy", "title")
    for one in found:
        messages = str(one.user_messages + one.assistant_messages)
        privacy = privacy_name(one.privacy_mode)
        output.row(made, one.session_id, output.date(one.started_at), messages, privacy, one.title)
    output.console().print(made)


async def show(
    connection: Connection,
    mind: MindOption,
    session: Annotated[
        str, typer.Argument(metavar="ID", help="A conversation; without one, all of them.")
    ] = "",
    as_json: Json = False,
) -> None:
    """Show what was said earlier in a conversation in few words, and what it was like.

    Sentiment, topics, engagement, and questions without an answer.

    Example: pmm session show s-0a1b2c3d4e5f --mind ada
    """
    async with connection.open() as client:
        found = await client.mind(mind).analytics(session)
        summaries = (await client.mind(mind).session(session)).summaries if session else []
    if as_json:
        output.json_line(to_json(found) | {"summaries": [to_json(one) for one in summaries]})
        return
    counts = found.counts
    output.line(f"{counts.user_messages:,} messages, {counts.assistant_messages:,} answers")
    for one in summaries:
        output.line(f"earlier (#{one.from_seq} to #{one.to_seq}): {one.text}")
    if not found.engagement:
        output.line("Not looked at yet: it is after some messages, or when the conversation has ended.")
        return
    output.line(
        f"sentiment {found.sentiment:+.2f} (-1 unhappy, 1 happy), engagement {found.engagement:.2f} (of 1)"
    )
    if found.topics:
        output.line(f"about {', '.join(found.topics)}")
    for question in found.open_questions:
        output.line(f"open: {question}")


async def rename(
    connection: Connection,
    session: Id,
    title: Annotated[str, typer.Argument(help="The new title.", show_default=False)],
    mind: MindOption,
    as_json: Json = False,
) -> None:
    """Give a conversation another title.

    Example: pmm session rename s-0a1b2c3d4e5f "Holidays" --mind ada
    """
    async with connection.open() as client:
        changed = await client.mind(mind).rename_session(session, title)
    if as_json:
        output.json_line(changed)
    else:
        output.line(f"{changed.session_id} is called {changed.title}")


async def end(connection: Connection, session: Id, mind: MindOption, as_json: Json = False) -> None:
    """End a conversation. Ending it twice is harmless.

    Example: pmm session end s-0a1b2c3d4e5f --mind ada
    """
    async with connection.open() as client:
        ended = await client.mind(mind).end_session(session)
    if as_json:
        output.json_line(ended)
    else:
        output.line(f"{ended.session_id} has ended")
