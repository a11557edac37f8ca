"""``pmm chat``: one message, lines from a pipe, or a conversation in the terminal."""

from __future__ import annotations

import signal
import sys
from collections.abc import Generator
from contextlib import contextmanager
from typing import Annotated, Any, Literal

import typer

from pmm_client.cli import completion, exits, output
from pmm_client.cli.completion import DEFAULT_MIND
from pmm_client.cli.connection import CliError, Connection
from pmm_client.cli.conversation import Conversation
from pmm_client.cli.options import Json, calls_server, complain, mind_option
from pmm_client.jsonable import to_json
from pmm_client.reply import Reply


def register(app: typer.Typer) -> None:
    """Add ``chat``."""
    calls_server(app, "chat")(chat)


def _not_both(ctx: typer.Context, value: Any) -> Any:
    if value and (ctx.params.get("session") or ctx.params.get("new_session")):
        raise typer.BadParameter("--session and --new-session exclude each other")
    return value


async def chat(
    connection: Connection,
    mind: Annotated[
        str, mind_option("Whom to talk to; made by the first message if it is not there.")
    ] = DEFAULT_MIND,
    session: Annotated[
        str,
        typer.Option(
            metavar="ID",
            help="Go on with this session. Without it each start is a new one.",
            callback=_not_both,
            autocompletion=completion.sessions,
        ),
    ] = "",
    new_session: Annotated[
        bool,
        typer.Option("--new-session", help="Begin a new session, which is the default.", callback=_not_both),
    ] = False,
    privacy: Annotated[
        Literal["normal", "paused", "incognito"] | None,
        typer.Option(help="normal: remember. paused: keep, but form no memories. incognito: keep nothing."),
    ] = None,
    message: Annotated[
        str | None,
        typer.Option("--message", "-m", metavar="TEXT", help="Say this, print the answer, and end."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Talk with a mind. Without -m: in the terminal, or line by line from standard input.

    Example: pmm chat --mind ada -m "Where does my sister live?"
    """
    del new_session
    async with connection.open("memory") as client:
        conversation = Conversation(client.mind(mind), session, privacy)
        if message is not None:
            await _one(conversation, _checked(message), as_json)
        elif as_json or not sys.stdin.isatty():
            await _lines(conversation, as_json)
        else:
            # Only here: it costs a tenth of a second to load.
            from pmm_client.cli.interactive import interactive

            await interactive(connection, conversation)


async def _one(conversation: Conversation, text: str, as_json: bool) -> None:
    """One turn. Standard output gets the answer and nothing else."""
    if as_json:
        reply = await conversation.say(text, _nowhere)
        output.json_line(summary(conversation, reply))
        return
    said: list[str] = []

    def write(part: str) -> None:
        said.append(part)
        output.write(part)

    try:
        reply = await conversation.say(text, write)
    except BaseException:
        # What came of the answer ends its line; where nothing came there is none.
        if said:
            output.write("\n")
        raise
    output.write("\n")
    for warning in reply.warnings:
        complain(f"{warning.message} ({warning.code})")


async def _lines(conversation: Conversation, as_json: bool) -> None:
    """Each line of standard input is a turn; those that begin with / are commands, as in the terminal."""
    from pmm_client.cli.commands import Leave, run_command

    number = 0
    while line := _read_line():
        number += 1
        try:
            text = line.decode("utf-8").strip()
        except UnicodeDecodeError:
            raise CliError(f"line {number} of standard input is not UTF-8", exits.USAGE) from None
        if not text:
            continue
        try:
            if as_json or not await run_command(conversation, text):
                await _one(conversation, text, as_json)
        except Leave:
            return


def _read_line() -> bytes:
    with _plain_ctrl_c():
        return sys.stdin.buffer.readline()


@contextmanager
def _plain_ctrl_c() -> Generator[None]:
    """Ctrl-C ends a wait for input at once. (asyncio's handler would only cancel the task, which waits.)"""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _checked(text: str) -> str:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise CliError("the message is not valid UTF-8", exits.USAGE) from None
    return text


def _nowhere(text: str) -> None:
    del text


def summary(conversation: Conversation, reply: Reply) -> dict[str, Any]:
    """One turn as ``--json`` prints it."""
    return {
        "mind_id": conversation.mind.mind_id,
        "session_id": reply.session_id,
        "privacy": reply.privacy,
        "user_seq": reply.user_seq,
        "seq": reply.seq,
        "text": reply.text,
        "model": reply.model,
        "backend": reply.backend,
        "finish_reason": reply.finish_reason,
        "warnings": [to_json(warning) for warning in reply.warnings],
        "usage": to_json(reply.usage),
        "timings": to_json(reply.timings),
        "receipt": to_json(reply.receipt),
    }
