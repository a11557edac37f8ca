"""``pmm session``: the conversations of a mind, and what they were like."""

from __future__ import annotations

from typing import Annotated

import typer

from pmm.orchestrator.v1 import orchestrator_pb2 as pb
from pmm_client.cli import completion, output, statistics
from pmm_client.cli.completion import DEFAULT_MIND
from pmm_client.cli.connection import Connection
from pmm_client.cli.options import AsOf, Json, MindOrMine, Once, calls_server
from pmm_client.jsonable import to_json
from pmm_client.names import Privacy, privacy_name

Id = Annotated[
    str,
    typer.Argument(
        metavar="ID",
        help="As `pmm session` shows it.",
        show_default=False,
        autocompletion=completion.sessions,
    ),
]


def register(app: typer.Typer) -> None:
    """Add ``start``, ``list``, ``show``, ``rename``, ``privacy`` and ``end``."""
    calls_server(app, "start")(start)
    calls_server(app, "list")(list_sessions)
    calls_server(app, "show")(show)
    calls_server(app, "rename")(rename)
    calls_server(app, "privacy")(set_privacy)
    calls_server(app, "end")(end)


async def start(
    connection: Connection,
    title: Annotated[str, typer.Argument(metavar="TITLE", help="For people to read.")] = "",
    session: Annotated[str, typer.Option("--id", metavar="ID", help="Its id; one is made.")] = "",
    privacy: Annotated[
        Privacy,
        typer.Option(help="normal: remember. paused: keep, but form no memories. incognito: keep nothing."),
    ] = "normal",
    mind: MindOrMine = DEFAULT_MIND,
    once: Once = "",
    as_json: Json = False,
) -> None:
    """Begin a conversation.

    Example: pmm session start "Holidays" --mind ada
    """
    async with connection.open() as client:
        begun = await client.mind(mind).start_session(
            session, title=title, privacy=privacy, idempotency_key=once
        )
    if as_json:
        output.json_line(begun)
    else:
        output.line(f"{begun.session_id} has begun: pmm chat --mind {mind} --session {begun.session_id}")


async def list_sessions(
    connection: Connection, mind: MindOrMine = DEFAULT_MIND, as_of: AsOf = None, as_json: Json = False
) -> None:
    """List the conversations of a mind, the latest first.

    Example: pmm session list --mind ada
    """
    async with connection.open() as client:
        found = [one async for one in client.mind(mind).sessions(as_of_seq=as_of)]
    if as_json:
        output.json_line([to_json(one) for one in found])
        return
    if not found:
        output.line("There are no sessions yet.")
        return
    output.console().print(output.sessions_table(found))


async def show(
    connection: Connection,
    session: Annotated[
        str,
        typer.Argument(
            metavar="ID",
            help="A conversation; without one, all of them.",
            autocompletion=completion.sessions,
        ),
    ] = "",
    mind: MindOrMine = DEFAULT_MIND,
    as_of: AsOf = None,
    as_json: Json = False,
) -> None:
    """Show what was said earlier in a conversation in few words, and what it was like.

    Sentiment, topics, engagement and questions without an answer are of what people said to the mind: not of answers,
    of what was imported, or of what is not to be remembered.

    Example: pmm session show s-0a1b2c3d4e5f --mind ada
    """
    async with connection.open() as client:
        found = await client.mind(mind).analytics(session, as_of_seq=as_of)
        of = await client.mind(mind).session(session, as_of_seq=as_of) if session else None
    summaries = of.summaries if of is not None else []
    if as_json:
        about = to_json(of) if of is not None else None
        output.json_line(
            to_json(found) | {"session": about, "summaries": [to_json(one) for one in summaries]}
        )
        return
    rows: list[tuple[str, str]] = []
    if of is not None:
        rows += [
            ("session", of.session_id),
            ("title", of.title),
            ("began", output.date(of.started_at)),
            ("ended", output.date(of.ended_at)),
            ("privacy", privacy_name(of.privacy_mode)),
        ]
    rows.append(("messages", statistics.messages(found)))
    if found.engagement:
        mood = f"{output.bar((found.sentiment + 1) / 2)}  {found.sentiment:+.2f}, {_mood(found.sentiment)}"
        rows += [
            ("sentiment", mood),
            ("engagement", f"{output.bar(found.engagement)}  {found.engagement:.2f}"),
        ]
    output.facts([*rows, *(statistics.of_session(found) if session else statistics.of_mind(found))])
    for one in summaries:
        output.line(f"earlier (#{one.from_seq} to #{one.to_seq}): {one.text}")
    if why := _NOT_ANALYZED.get(found.analysis):
        output.line(why)
        if found.analysis == pb.ANALYSIS_STATE_ERASED and of is not None and not of.HasField("ended_at"):
            output.line(
                "What is left is looked at again after five messages more, or at the end if more was said."
            )
    for question in found.open_questions:
        output.line(f"open: {question}")


_NOT_ANALYZED = {
    pb.ANALYSIS_STATE_WAITING: "Not looked at yet: it is after every five messages, and when it has ended.",
    pb.ANALYSIS_STATE_NOTHING_SAID: "Not looked at: nobody has said anything to it. What is imported is not looked at.",
    pb.ANALYSIS_STATE_NOT_REMEMBERED: "Not looked at: what was said while it was paused is not to be remembered.",
    pb.ANALYSIS_STATE_ERASED: "Not looked at: what was said, or what was found in it, is forgotten.",
    pb.ANALYSIS_STATE_INCOGNITO: "Not looked at: it is incognito, and nothing of it is kept.",
}
"""Why there is no sentiment and no engagement."""


def _mood(sentiment: float) -> str:
    """In VADER's bounds."""
    return "happy" if sentiment >= 0.05 else "unhappy" if sentiment <= -0.05 else "neither"


async def rename(
    connection: Connection,
    session: Id,
    title: Annotated[str, typer.Argument(metavar="TITLE", help="The new title.", show_default=False)],
    mind: MindOrMine = DEFAULT_MIND,
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


async def set_privacy(
    connection: Connection,
    session: Id,
    privacy: Annotated[
        Privacy, typer.Argument(metavar="PRIVACY", help="normal, paused or incognito.", show_default=False)
    ],
    mind: MindOrMine = DEFAULT_MIND,
    as_json: Json = False,
) -> None:
    """Set what is kept of a conversation from the next turn on. Incognito is a conversation of its own.

    Example: pmm session privacy s-0a1b2c3d4e5f paused --mind ada
    """
    async with connection.open() as client:
        now = await client.mind(mind).set_privacy(session, privacy)
    if as_json:
        output.json_line(now)
    elif now.session_id == session:
        output.line(f"{session} is {privacy_name(now.privacy_mode)} from the next turn on")
    else:
        output.line(f"go on in {now.session_id}, which is {privacy_name(now.privacy_mode)}")


async def end(
    connection: Connection, session: Id, mind: MindOrMine = DEFAULT_MIND, as_json: Json = False
) -> None:
    """End a conversation. Ending it twice is harmless.

    Example: pmm session end s-0a1b2c3d4e5f --mind ada
    """
    async with connection.open() as client:
        ended = await client.mind(mind).end_session(session)
    if as_json:
        output.json_line(ended)
    else:
        output.line(f"{ended.session_id} has ended")
